// The lucide symbols that templates and modules use; tests compare this list with the sources.
export const ICONS = [
  "archive", "arrow-down-to-line", "arrow-up-right", "book-open", "boxes", "braces", "check", "chevron-down", "chevrons-up-down",
  "circle", "circle-alert", "circle-check", "circle-dashed", "circle-slash", "circle-x", "clock", "code", "copy", "download",
  "file", "file-code", "file-plus", "file-text", "folder", "folder-open", "folder-plus", "history", "house", "image", "info",
  "keyboard", "key-round", "link", "loader-circle", "log-out", "memory-stick", "menu", "monitor", "moon", "pencil", "play",
  "plus", "rotate-ccw", "save", "scroll-text", "search", "settings-2", "shield-ban", "square", "sun", "table-2",
  "terminal", "timer", "trash-2", "triangle-alert", "undo-2", "unplug", "users-round", "wifi-off", "wrap-text", "x",
];

// The Sandloft mark: a roof over two dunes.
export const MARK =
  '<path d="M3 10.5 12 4l9 6.5"/><path d="M3 15.5c3-3 6-3 9 0s6 3 9 0"/><path d="M3 20c3-3 6-3 9 0s6 3 9 0"/>';
