-- Old counts of failed sign-ins are found and dropped as new ones are written.
create index sign_in_failure_since on sign_in_failure (since_us);
