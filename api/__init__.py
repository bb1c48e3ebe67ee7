"""What people see: the HTTP interface, the live stream and the ward page."""
