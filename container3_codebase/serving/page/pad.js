// The drawing area: black strokes on white, by mouse, finger or pen.

class Pad {
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.onChange = onChange;
    this.pointer = null;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (event) => this.end(event));
    }
    this.clear();
  }

  clear() {
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.blank = true;
    this.pointer = null;
  }

  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.last = this.place(event);
    this.line(this.last, this.last);
  }

  go(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of events.length ? events : [event]) {
      const next = this.place(each);
      this.line(this.last, next);
      this.last = next;
    }
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.onChange();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.canvas.width,
      y: ((event.clientY - box.top) / box.height) * this.canvas.height,
    };
  }

  line(from, to) {
    Object.assign(this.context, { strokeStyle: "#000", lineWidth: 16, lineCap: "round", lineJoin: "round" });
    this.context.beginPath();
    this.context.moveTo(from.x, from.y);
    this.context.lineTo(to.x, to.y);
    this.context.stroke();
    this.blank = false;
  }

  // Show the chosen image; the file itself is sent to the server.
  async show(file) {
    this.clear();
    const picture = await createImageBitmap(file);
    const { width, height } = this.canvas;
    const factor = Math.min(width / picture.width, height / picture.height);
    const [across, down] = [picture.width * factor, picture.height * factor];
    this.context.drawImage(picture, (width - across) / 2, (height - down) / 2, across, down);
    this.blank = false;
    picture.close();
  }

  picture() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
  }
}
