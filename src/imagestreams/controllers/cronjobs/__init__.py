"""Starts jobs by the timetables of cron jobs, where a runner of this server runs jobs.

`decisions` says what is to be done with a cron job at a moment and knows nothing else; `loop` does it. A job is named
after the moment that it was planned for, so that none is started twice, whatever happens in between.
"""
