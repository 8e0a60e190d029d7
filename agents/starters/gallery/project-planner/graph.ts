import type { Task } from "./types.ts";

/** The tasks in an order in which each comes after those it waits for. */
export function inOrder(tasks: Task[]): Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  if (byId.size < tasks.length) throw new Error("two tasks have the same id");
  const done = new Set<string>();
  const path: string[] = [];
  const order: Task[] = [];

  const visit = (id: string, wantedBy?: string): void => {
    const task = byId.get(id);
    if (!task) throw new Error(`"${wantedBy}" waits for "${id}", which is no task`);
    if (done.has(id)) return;
    if (path.includes(id)) throw new Error(`the tasks wait for each other: ${[...path.slice(path.indexOf(id)), id].join(" → ")}`);
    path.push(id);
    task.after?.forEach((before) => visit(before, id));
    path.pop();
    done.add(id);
    order.push(task);
  };
  tasks.forEach((task) => visit(task.id));
  return order;
}

export interface Span {
  task: Task;
  /** Working days from the start of the project; `end` is the first day after. */
  begin: number;
  end: number;
  /** By how many days it may slip without moving the end of the project. */
  slack: number;
}

/** When each task can begin at the earliest, and by how much it may slip (the critical path method). */
export function spans(tasks: Task[]): Span[] {
  const order = inOrder(tasks);
  const ends = new Map<string, number>();
  const begins = new Map<string, number>();
  for (const task of order) {
    if (!(task.days > 0)) throw new Error(`"${task.id}" must take more than zero days`);
    const begin = Math.max(0, ...(task.after ?? []).map((id) => ends.get(id)!));
    begins.set(task.id, begin);
    ends.set(task.id, begin + task.days);
  }

  const finish = Math.max(0, ...ends.values());
  const latestEnds = new Map(order.map((task) => [task.id, finish]));
  for (const task of [...order].reverse()) {
    const latestBegin = latestEnds.get(task.id)! - task.days;
    task.after?.forEach((id) => latestEnds.set(id, Math.min(latestEnds.get(id)!, latestBegin)));
  }
  return order.map((task) => ({
    task,
    begin: begins.get(task.id)!,
    end: ends.get(task.id)!,
    slack: latestEnds.get(task.id)! - ends.get(task.id)!,
  }));
}
