// What every page has. Each behaviour is its own module and installs itself by delegation, so swapped-in parts work too.
import { install as copy } from "./copy.js";
import { install as dialog } from "./dialog.js";
import { install as forms } from "./forms.js";
import { install as keys } from "./keys.js";
import { install as lists } from "./lists.js";
import { install as menu } from "./menu.js";
import { install as palette } from "./palette.js";
import { install as phases } from "./phases.js";
import { install as segments } from "./segments.js";
import { install as tabs } from "./tabs.js";
import { install as theme } from "./theme-switch.js";
import { install as time } from "./time.js";
import { install as toast } from "./toast.js";

for (const install of [copy, dialog, forms, keys, lists, menu, palette, phases, segments, tabs, theme, time, toast]) install();
