"""What runs cost on this machine, beside what the bare interpreter costs at the same moment."""
