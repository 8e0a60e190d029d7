"""Programs of others that run inside sandboxes, pinned by the manifest beside them."""
