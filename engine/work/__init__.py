"""What is being executed: instances, tasks, deadlines, subscriptions, incidents, and the append-only history."""
