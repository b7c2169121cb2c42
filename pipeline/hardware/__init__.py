"""What the machine and its container engine have: processors, memory, accelerators; and the variables that follow."""
