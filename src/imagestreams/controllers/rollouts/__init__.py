"""Lets the runners of this machine carry out what stored workloads ask for, and shows in each status what came of it.

`subjects` reads what is to run out of an object; `records` notes what was handed to a runner, before it is; `loop`
does the work, whose `attempts` can be broken off; `statuses` and its siblings say what a status should be: pure, from
what is wanted and what was seen.

A change is what would run differently: another template, another number. It has an id that stays the same however
often it has to be tried, also after a crash, so that whoever carries it out can tell that he has done it before.
"""
