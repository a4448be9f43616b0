"""A class of sixty for the first module, made by script: honest people, starters, cheats and those who attack the grader."""

from __future__ import annotations

from synthetic.member import Kind as Kind
from synthetic.member import Member as Member
from synthetic.people import members as members
from synthetic.people import reduced as reduced
from synthetic.writing import Class as Class
from synthetic.writing import write as write
