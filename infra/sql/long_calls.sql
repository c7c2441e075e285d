-- Which calls were longer than {minutes} minutes?
SELECT
  export, local_at, direction, from_number, to_number, country, duration_s, billed_s, cost, currency, hangup_cause, row_id
FROM ({rows}) AS legs_asked
WHERE answered AND duration_s > 60 * {minutes}
ORDER BY duration_s DESC, export, row_id
LIMIT {lines}
