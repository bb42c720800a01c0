"""Networks as stacks: layers, losses, penalties and derivatives."""
