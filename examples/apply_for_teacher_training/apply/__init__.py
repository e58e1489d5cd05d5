"""The jobs of the timetable beside this package, as stand-ins: each logs what the real one would do."""
