"use strict";

// Shows the OpenAPI document of this server, and sends requests. Everything from the document and from responses is
// inserted as text.

const METHODS = ["get", "post", "put", "delete"];
const DEPTH = 6;
const SHOWN = 100000;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function resolved(api, schema) {
  let found = schema || {};
  for (let step = 0; found.$ref && step < DEPTH; step += 1) {
    found = found.$ref.split("/").slice(1).reduce((value, key) => value && value[key], api) || {};
  }
  return found;
}

// The type of a schema in words: "list of (list of number or object of number)".
function typeOf(api, schema, depth = 0) {
  const found = resolved(api, schema);
  if (depth > DEPTH) return "...";
  const choices = found.anyOf || found.oneOf;
  if (choices) return [...new Set(choices.map((each) => typeOf(api, each, depth + 1)))].join(" or ");
  if (found.enum) return found.enum.map((each) => JSON.stringify(each)).join(" or ");
  if ("const" in found) return JSON.stringify(found.const);
  if (found.type === "array") {
    const items = typeOf(api, found.items || {}, depth + 1);
    return "list of " + (items.includes(" or ") ? `(${items})` : items);
  }
  if (found.type === "object" && !found.properties) {
    const values = found.additionalProperties;
    return values && values !== true ? "object of " + typeOf(api, values, depth + 1) : "object";
  }
  if (found.format === "binary") return "bytes";
  if (Array.isArray(found.type)) return found.type.join(" or ");
  return found.title && found.properties ? found.title : found.type || "any value";
}

function membersTable(api, schema) {
  const found = resolved(api, schema);
  if (!found.properties) return null;
  const required = new Set(found.required || []);
  const rows = Object.entries(found.properties).map(([name, member]) => {
    const notes = [typeOf(api, member)];
    if (!required.has(name)) notes.push("optional");
    if (member.default !== undefined && member.default !== null) notes.push(`default ${JSON.stringify(member.default)}`);
    return element("tr", {}, element("td", {}, element("code", { text: name })), element("td", { text: notes.join(", ") }));
  });
  return element("table", {}, element("tbody", {}, ...rows));
}

// Format an example as JSON; lists of numbers and strings stay on one line.
function shown(example) {
  if (typeof example === "string") return example;
  return JSON.stringify(example, null, 2).replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, (all, items) => `[${items.replaceAll(/\s*\n\s*/g, " ")}]`);
}

function exampleOf(media) {
  if (media.example !== undefined) return shown(media.example);
  const first = Object.values(media.examples || {})[0];
  return first && first.value !== undefined ? shown(first.value) : "";
}

function parametersTable(api, parameters) {
  if (!parameters.length) return null;
  const rows = parameters.map((each) => element("tr", {},
    element("td", {}, element("code", { text: each.name })),
    element("td", { text: each.in + (each.required ? "" : ", optional") }),
    element("td", { text: each.description || typeOf(api, each.schema) })));
  return element("div", {}, element("h4", { text: "Parameters" }), element("table", {}, element("tbody", {}, ...rows)));
}

function bodySection(api, body) {
  if (!body) return null;
  const made = element("div", {}, element("h4", { text: "Request body" }));
  for (const [type, media] of Object.entries(body.content)) {
    const schema = resolved(api, media.schema);
    const alternatives = schema.anyOf || [schema];
    made.append(element("p", {}, element("code", { text: type })));
    for (const each of alternatives) {
      const members = membersTable(api, each);
      if (members && alternatives.length > 1) made.append(element("p", { className: "title", text: each.title || "or" }));
      if (members) made.append(members);
    }
    if (exampleOf(media)) made.append(element("pre", { text: exampleOf(media) }));
  }
  return made;
}

function responsesSection(api, responses) {
  const rows = Object.entries(responses).map(([status, response]) => {
    const media = (response.content || {})["application/json"];
    const text = element("td", { text: response.description || "" });
    if (media && exampleOf(media)) text.append(element("pre", { text: exampleOf(media) }));
    return element("tr", {}, element("td", {}, element("code", { text: status })), text);
  });
  return element("div", {}, element("h4", { text: "Responses" }), element("table", {}, element("tbody", {}, ...rows)));
}

function field(parameter) {
  const attributes = { className: "value", name: parameter.name, required: Boolean(parameter.required), spellcheck: false };
  if (parameter.example !== undefined) attributes.value = parameter.example;
  return element("label", { text: `${parameter.name} (${parameter.in})` }, element("input", attributes));
}

function addressOf(path, parameters, form) {
  const value = (name) => form.elements[name].value;
  let address = path.slice(1);
  for (const each of parameters.filter((one) => one.in === "path")) {
    address = address.replace(`{${each.name}}`, encodeURIComponent(value(each.name)));
  }
  const query = new URLSearchParams();
  for (const each of parameters.filter((one) => one.in === "query")) {
    if (value(each.name)) query.set(each.name, value(each.name));
  }
  return query.size ? `${address}?${query}` : address;
}

async function send(method, address, headers, body, output) {
  const key = document.getElementById("key").value;
  if (key) headers.authorization = `Bearer ${key}`;
  const started = performance.now();
  try {
    const response = await fetch(address, { method: method.toUpperCase(), headers, body });
    const text = await response.text();
    const milliseconds = (performance.now() - started).toFixed(0);
    const lines = [`${response.status} ${response.statusText}, ${milliseconds} ms`];
    for (const [name, value] of response.headers) lines.push(`${name}: ${value}`);
    output.textContent = `${lines.join("\n")}\n\n${text.slice(0, SHOWN)}${text.length > SHOWN ? "\n..." : ""}`;
  } catch (error) {
    output.textContent = `The request failed: ${error.message}`;
  }
  output.hidden = false;
}

function tryForm(method, path, parameters, body) {
  const form = element("form", {}, ...parameters.map(field));
  const types = body ? Object.entries(body.content) : [];
  const text = element("textarea", { name: "request-body", spellcheck: false, value: types.length ? exampleOf(types[0][1]) : "" });
  const type = element("select", { name: "content-type" }, ...types.map(([name]) => element("option", { text: name })));
  const file = element("input", { type: "file", name: "file" });
  type.addEventListener("change", () => { text.value = exampleOf(body.content[type.value]); });
  if (types.length) {
    form.append(element("label", { text: "Content type" }, type), element("label", { text: "Body" }, text));
    form.append(element("label", { text: "or a file as the body" }, file));
  }
  const button = element("button", { type: "submit", text: "Send" });
  const output = element("pre", { className: "response", hidden: true, tabIndex: 0, ariaLabel: "Response" });
  form.append(button, output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const headers = types.length && !type.value.startsWith("multipart/") ? { "content-type": type.value } : {};
    let content = types.length ? file.files[0] || text.value : undefined;
    if (types.length && type.value.startsWith("multipart/")) {
      content = new FormData();
      if (file.files[0]) content.append("image", file.files[0]);
    }
    await send(method, addressOf(path, parameters, form), headers, content, output);
    button.disabled = false;
  });
  return element("div", {}, element("h4", { text: "Try it" }), form);
}

function filled(api, details, method, path, operation) {
  const parameters = (operation.parameters || []).map((each) => resolved(api, each));
  details.append(element("div", { className: "content" },
    operation.description ? element("p", { text: operation.description }) : null,
    parametersTable(api, parameters),
    bodySection(api, operation.requestBody),
    responsesSection(api, operation.responses),
    tryForm(method, path, parameters.filter((each) => each.in !== "header"), operation.requestBody)));
}

function operationDetails(api, method, path, operation) {
  const details = element("details", { id: `${method}${path.replaceAll(/[^a-z0-9]+/gi, "-")}` },
    element("summary", {},
      element("span", { className: `method ${method}`, text: method.toUpperCase() }),
      element("span", { className: "path", text: path }),
      element("span", { className: "what", text: operation.summary || "" })));
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) filled(api, details, method, path, operation);
  });
  return details;
}

function operationsByTag(api) {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = (item[method].tags || ["others"])[0];
      groups.set(tag, [...(groups.get(tag) || []), operationDetails(api, method, path, item[method])]);
    }
  }
  return groups;
}

function showChosen() {
  const chosen = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (chosen instanceof HTMLDetailsElement) chosen.open = true;
}

function show(api) {
  document.title = `${api.info.title} API reference`;
  document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
  document.getElementById("about").textContent = api.info.description || "";
  document.getElementById("key-row").hidden = !(api.components || {}).securitySchemes;
  const main = document.getElementById("operations");
  const contents = document.getElementById("contents");
  main.textContent = "";
  contents.textContent = "";
  for (const [tag, operations] of operationsByTag(api)) {
    main.append(element("h2", { text: tag }), ...operations);
    contents.append(element("h2", { text: tag }), ...operations.map((each) => {
      const [method, path] = each.querySelectorAll("summary span");
      return element("a", { href: `#${each.id}` }, element("span", { className: method.className, text: `${method.textContent} ` }), path.textContent);
    }));
  }
  showChosen();
}

// The document only contains the models for a key that may see them.
async function load() {
  const key = document.getElementById("key").value;
  try {
    const response = await fetch("openapi.json", { headers: key ? { authorization: `Bearer ${key}` } : {} });
    show(await response.json());
  } catch (error) {
    document.getElementById("operations").textContent = `The OpenAPI document cannot be shown: ${error.message}`;
  }
}

window.addEventListener("hashchange", showChosen);
document.getElementById("key").addEventListener("change", load);
load();
