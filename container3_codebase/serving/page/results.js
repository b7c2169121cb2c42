// Show a response.

const byId = (id) => document.getElementById(id);
const MOST_BARS = 20;

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function clearResult() {
  byId("label").textContent = "";
  byId("bars").replaceChildren();
  byId("seen").hidden = true;
}

function showError(text) {
  byId("error").textContent = text;
  byId("error").hidden = !text;
}

function showAnswer(answer, model) {
  const label = answer.labels ? answer.labels[0] : "";
  byId("label").textContent = label;
  byId("label").className = label.length > 3 ? "words" : "";
  byId("bars").replaceChildren(...(answer.probabilities ? bars(answer) : values(answer, model)));
  byId("seen").hidden = !answer.inputs;
  if (answer.inputs) showInputs(answer.inputs[0], model.image);
}

function bars(answer) {
  const shares = answer.probabilities[0];
  const best = shares.indexOf(Math.max(...shares));
  let shown = shares.map((share, place) => ({ share, place }));
  if (shown.length > MOST_BARS) shown = shown.sort((a, b) => b.share - a.share).slice(0, MOST_BARS);
  return shown.map(({ share, place }) => {
    const row = element("li", place === best ? "best" : "");
    const track = element("div", "track");
    const fill = element("div", "fill");
    fill.style.width = `${100 * share}%`;
    track.append(fill);
    const text = `${(100 * share).toFixed(1)} %`;
    row.append(element("span", "name", answer.classes[place]), track, element("span", "value", text));
    return row;
  });
}

function values(answer, model) {
  return answer.predictions[0].slice(0, MOST_BARS).map((value, place) => {
    const row = element("li", "plain");
    const name = model.outputs[place].name;
    row.append(element("span", "name", name), element("span", "value", String(value)));
    return row;
  });
}

function showInputs(values, image) {
  const [height, width] = image.size;
  const [low, high] = image.scale;
  const canvas = byId("inputs");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  values.forEach((value, place) => {
    const grey = Math.round((255 * (value - low)) / (high - low));
    pixels.data.set([grey, grey, grey, 255], 4 * place);
  });
  context.putImageData(pixels, 0, 0);
  byId("size").textContent = `${width} × ${height} values from ${Math.min(low, high)} to ${Math.max(low, high)}`;
}
