import type { Command } from "./command.ts";
import { addCommand } from "./commands/add.ts";
import { backupCommand } from "./commands/backup.ts";
import { benchCommand } from "./commands/bench.ts";
import { cubesCommand } from "./commands/cubes.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eraseCommand } from "./commands/erase.ts";
import { exportCommand } from "./commands/export.ts";
import { forgetCommand } from "./commands/forget.ts";
import { historyCommand } from "./commands/history.ts";
import { importCommand } from "./commands/import.ts";
import { kvCommand } from "./commands/kv.ts";
import { listCommand } from "./commands/list.ts";
import { logCommand } from "./commands/log.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { searchCommand } from "./commands/search.ts";
import { showCommand } from "./commands/show.ts";
import { statsCommand } from "./commands/stats.ts";
import { threadsCommand } from "./commands/threads.ts";
import { updateCommand } from "./commands/update.ts";
import { verifyCommand } from "./commands/verify.ts";

/** Every command but `help`, in the order in which they are explained. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  addCommand,
  searchCommand,
  listCommand,
  showCommand,
  updateCommand,
  forgetCommand,
  eraseCommand,
  historyCommand,
  rollbackCommand,
  logCommand,
  verifyCommand,
  cubesCommand,
  threadsCommand,
  importCommand,
  exportCommand,
  backupCommand,
  statsCommand,
  kvCommand,
  benchCommand,
  doctorCommand,
];
