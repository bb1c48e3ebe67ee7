"""Every fault that a simulated device can show, at a bed of a whole ward, and what comes of it."""
