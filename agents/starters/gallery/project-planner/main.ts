// Schedule tasks that wait for each other, on working days.
import { Calendar } from "./calendar.ts";
import { spans } from "./graph.ts";
import type { Span } from "./graph.ts";
import { Urgency } from "./types.ts";
import type { Plan, Scheduled } from "./types.ts";

export function main({ start, tasks, holidays }: Plan) {
  if (!tasks?.length) throw new Error("there are no tasks");
  const calendar = new Calendar(start, holidays);
  const planned = spans(tasks);
  chart(planned);
  const schedule = planned.map((span) => scheduled(span, calendar));
  return {
    finished: schedule.map(({ last_day }) => last_day).sort().at(-1),
    working_days: Math.max(...planned.map(({ end }) => end)),
    critical_path: schedule.filter(({ urgency }) => urgency === Urgency.Critical).map(({ id }) => id),
    schedule,
  };
}

function scheduled({ task, begin, end, slack }: Span, calendar: Calendar): Scheduled {
  return {
    id: task.id,
    first_day: calendar.day(Math.floor(begin)),
    last_day: calendar.day(Math.ceil(end) - 1),
    slack_days: slack,
    urgency: slack === 0 ? Urgency.Critical : Urgency.Flexible,
  };
}

/** One line per task, one block per working day; the critical path is red. */
function chart(planned: Span[]): void {
  const width = Math.max(...planned.map(({ task }) => task.id.length));
  for (const { task, begin, end, slack } of planned) {
    const colour = slack === 0 ? 31 : 36;
    const bar = `${" ".repeat(begin)}\x1b[${colour}m${"█".repeat(end - begin)}\x1b[0m\x1b[2m${"·".repeat(slack)}\x1b[0m`;
    console.log(`${task.id.padEnd(width)}  ${bar}`);
  }
}
