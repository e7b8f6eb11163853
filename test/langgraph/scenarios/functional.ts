/** The functional API: entrypoints, tasks, what was saved the last time. */
import { Command, entrypoint, getPreviousState, interrupt, task } from "@langchain/langgraph";

import { on, type Scenario } from "../scenario.ts";

export const FUNCTIONAL: Readonly<Record<string, Scenario>> = {
  "tasks that are done are not done again after a question": async (stage) => {
    const { saver, restart, note, look } = stage;
    const runs: string[] = [];
    const build = () => {
      const write = task("write", (topic: string) => {
        runs.push(topic);
        return `essay of ${topic}`;
      });
      return entrypoint({ name: "flow", checkpointer: saver() }, async (topics: string[]) => {
        const essays = await Promise.all(topics.map((topic) => write(topic)));
        const verdict: unknown = interrupt({ essays });
        const last = await write(`more ${String(verdict)}`);
        return { essays, verdict, last };
      });
    };
    note("asked", await build().invoke(["cats", "dogs"], on()));
    await look("asked", build());
    await restart();
    note("done", await build().invoke(new Command({ resume: "good" }), on()));
    await look("done", build());
    note("runs", runs);
  },

  "what was saved is there the next time": async ({ saver, restart, note, look }) => {
    const build = () =>
      entrypoint({ name: "sum", checkpointer: saver() }, (n: number) => {
        const sum = (getPreviousState<number>() ?? 0) + n;
        return entrypoint.final({ value: { before: sum - n }, save: sum });
      });
    for (const n of [1, 2, 3]) {
      note(`${n}`, await build().invoke(n, on()));
      await restart();
    }
    await look("sums", build());
  },

  "a task fails, is retried, and the others are kept": async (stage) => {
    const { saver, restart, note, look, fails } = stage;
    const runs: string[] = [];
    const build = () => {
      const good = task("good", (n: number) => {
        runs.push(`good ${n}`);
        return n;
      });
      const bad = task(
        { name: "bad", retry: { maxAttempts: 2, initialInterval: 1, jitter: false } },
        () => {
          runs.push("bad");
          if (runs.filter((run) => run === "bad").length < 4) throw new Error("bad");
          return "well";
        },
      );
      return entrypoint({ name: "flow", checkpointer: saver() }, async (n: number) => {
        const one = await good(n);
        return [one, await bad(), await good(one + 1)];
      });
    };
    await fails("first", build().invoke(1, on()));
    await look("first", build());
    await restart();
    await fails("second", build().invoke(null, on()));
    await look("second", build());
    note("runs", runs);
  },

  "questions in tasks, answered one after another": async ({ saver, restart, note, look }) => {
    const build = () => {
      const ask = task("ask", (what: string) => `${what}: ${String(interrupt(what))}`);
      return entrypoint({ name: "flow", checkpointer: saver() }, async (names: string[]) => {
        const answers: string[] = [];
        for (const name of names) answers.push(await ask(name));
        return answers;
      });
    };
    note("first", await build().invoke(["a", "b"], on()));
    await look("first", build());
    note("second", await build().invoke(new Command({ resume: 1 }), on()));
    await restart();
    await look("second", build());
    note("done", await build().invoke(new Command({ resume: 2 }), on()));
    await look("done", build());
  },
};
