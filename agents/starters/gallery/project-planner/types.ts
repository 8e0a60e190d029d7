export interface Task {
  id: string;
  /** Working days. */
  days: number;
  /** The tasks that must be done before. */
  after?: string[];
}

export interface Plan {
  start: string;
  tasks: Task[];
  holidays?: string[];
}

export enum Urgency {
  Critical = "critical",
  Flexible = "flexible",
}

export interface Scheduled {
  id: string;
  first_day: string;
  last_day: string;
  slack_days: number;
  urgency: Urgency;
}
