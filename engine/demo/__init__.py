"""The living demo: the real gazetteer, made-up people, some sixty cases made by the real use cases, a movable clock."""
