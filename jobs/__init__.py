"""Long work as rows: a job's states, its record, and waking those who wait for it."""
