-- Answers what it was given: shows that scripts run here. KEYS: any. ARGV: any.
-- flags: no-writes
-- uses: numbers
return { numbers.text(#ARGV), ARGV[1] }
