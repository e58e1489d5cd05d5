--import activity
-- Keep one entry of the activity for 90 days.
-- ARGV: root, the entry
return keep(ARGV[1], ARGV[2])
