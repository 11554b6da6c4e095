// After every 50 decisions the page offers to train again, and shows what the decisions have done.
import { byId, counted, write } from "./dom.js";

const EVERY = 50;

export class Offer {
  /** `count()` says how many images are decided; `reload()` takes the new order. */
  constructor(all, store, count, reload) {
    this.store = store;
    this.count = count;
    this.can = store.improve !== undefined;
    this.job = { phase: "idle" };
    this.ranking = all.ranking; // of the order that is shown
    this.newest = all.ranking;
    this.since = all.job?.decisions ?? count();
    this.put = false; // until when it was put off
    byId("train").onclick = () => this.train();
    byId("rerank").onclick = () => this.take();
    byId("later").onclick = () => { this.since = this.count(); this.shown = null; this.draw(); };
  }

  decided() {
    if (this.can) this.draw();
  }

  hear(job, ranking) {
    if (!this.can || !job) return;
    if (job.phase !== this.job.phase && job.phase === "done") {
      this.since = job.decisions;
      this.shown = job;
    }
    this.job = job;
    this.newest = ranking;
    this.draw();
  }

  async train() {
    try {
      const { job } = await this.store.improve();
      this.hear(job, this.newest);
    } catch (error) {
      this.hear({ phase: "failed", message: error.message }, this.newest);
    }
  }

  async take() {
    this.ranking = this.newest;
    this.shown = null;
    this.draw();
    await this.reload();
  }

  draw() {
    const { phase } = this.job;
    const more = this.count() - this.since;
    const ready = this.newest !== this.ranking;
    const due = phase !== "running" && more >= EVERY;
    const failed = phase === "failed" && this.job.message !== this.passed;
    byId("offer").hidden = !(phase === "running" || this.shown || ready || due || failed);
    if (byId("offer").hidden) return;
    write(byId("offered"), this.text(due, more));
    byId("train").hidden = !due;
    byId("rerank").hidden = !ready || phase === "running";
    byId("later").hidden = phase === "running";
    write(byId("later"), due ? "Later" : "Close");
    if (!due && failed) byId("later").onclick = () => { this.passed = this.job.message; this.since = this.count(); this.draw(); };
  }

  text(due, more) {
    const { phase, step, done, total } = this.job;
    if (phase === "running") return `${step}${total ? `: ${done} of ${total}` : " …"} You can go on meanwhile.`;
    const said = [];
    if (phase === "failed") said.push(`Training again failed: ${this.job.message}`);
    if (this.shown?.effect) said.push(this.shown.effect);
    if (this.shown?.message) said.push(this.shown.message);
    if (due) said.push(`${counted(more, "decision")} more: train again with them and order the rest anew?`);
    return said.join(" ");
  }
}
