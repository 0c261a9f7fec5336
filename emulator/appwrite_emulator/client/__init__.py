"""The handle that tests use: functions, users, time and what came of it all."""
