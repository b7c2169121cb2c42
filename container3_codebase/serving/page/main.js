// The page: select the model and the input, and predict.

const service = new Service();
const DEBOUNCE = 200;
let model = null;
let chosen = null;
let timer = 0;
let turns = 0;

const pad = new Pad(byId("pad"), () => {
  chosen = null;
  clearTimeout(timer);
  timer = setTimeout(predict, DEBOUNCE);
});

// Run requests, then show their result unless newer requests were started. An error is shown instead, and a
// key is requested if one is needed.
async function attempt(ask, show) {
  const turn = ++turns;
  try {
    const answer = await ask();
    if (turn !== turns) return;
    byId("access").hidden = true;
    showError("");
    show(answer);
  } catch (error) {
    if (turn !== turns || error.name === "AbortError") return;
    clearResult();
    showError(error.message);
    if (error.needsKey) {
      byId("access").hidden = false;
      byId("key").focus();
    }
  }
}

function predict() {
  clearTimeout(timer);
  if (!model) return start();
  if (model.image) return predictPicture();
  return predictRow();
}

function predictPicture() {
  if (pad.blank && !chosen) return showError("The drawing is empty.");
  const asked = model;
  const ask = async () => service.predictPicture(asked.name, chosen || (await pad.picture()));
  return attempt(ask, (answer) => showAnswer(answer, asked));
}

function predictRow() {
  const fields = [...byId("fields").querySelectorAll("input")];
  const row = fields.map((field) => (field.value.trim() === "" ? NaN : Number(field.value.replace(",", "."))));
  fields.forEach((field, place) => field.setAttribute("aria-invalid", String(!Number.isFinite(row[place]))));
  const wrong = row.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    clearResult();
    fields[wrong].focus();
    return showError(`${fields[wrong].name} must be a number.`);
  }
  const asked = model;
  return attempt(
    () => service.predictRow(asked.name, row),
    (answer) => showAnswer(answer, asked),
  );
}

function clear() {
  clearTimeout(timer);
  turns += 1;
  chosen = null;
  pad.clear();
  clearResult();
  showError("");
}

async function take(file) {
  if (!file || !model || !model.image) return;
  clear();
  chosen = file;
  await pad.show(file).catch(() => undefined); // the server reports the problem
  await predict();
}

function show(described) {
  model = described;
  clear();
  byId("drawing").hidden = !model.image;
  byId("form").hidden = Boolean(model.image);
  byId("fields").replaceChildren(...(model.image ? [] : model.inputs.map(field)));
  const size = `${model.inputs.length} inputs, ${model.parameters} parameters`;
  byId("about").textContent = `${model.title || model.name}, version ${model.version}: ${size}. ${model.description}`;
}

function field(input, place) {
  const name = input.name || `input ${place}`;
  const label = element("label", "", input.unit ? `${name} (${input.unit})` : name);
  const box = element("input", "");
  Object.assign(box, { type: "text", inputMode: "decimal", autocomplete: "off", name });
  label.append(box);
  return label;
}

async function start() {
  await attempt(
    () => service.models(),
    ({ models, default: preferred }) => {
      const list = byId("model");
      list.replaceChildren(...models.map(({ name }) => new Option(name)));
      list.disabled = !models.length;
      const first = models.find(({ image }) => image) || models.find(({ name }) => name === preferred) || models[0];
      if (!first) return showError("The server has not loaded a model yet.");
      list.value = first.name;
      select();
    },
  );
}

function select() {
  return attempt(() => service.model(byId("model").value), show);
}

byId("model").addEventListener("change", select);
byId("clear").addEventListener("click", clear);
byId("predict").addEventListener("click", predict);
byId("choose").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", () => {
  take(byId("file").files[0]);
  byId("file").value = "";
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  predict();
});
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  service.key = byId("key").value.trim();
  predict();
});
byId("pad").addEventListener("keydown", (event) => {
  if (event.key === "Enter") predict();
  else if (event.key === "Delete" || event.key === "Backspace" || event.key === "Escape") clear();
  else return;
  event.preventDefault();
});
document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  byId("pad").classList.add("over");
});
document.addEventListener("dragleave", () => byId("pad").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  byId("pad").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
start();
