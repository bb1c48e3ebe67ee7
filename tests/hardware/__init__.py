"""What can be tried on a real device at a real port, and by nobody without one."""
