-- How much do we pay for seconds that nobody spoke, by billing increment?
SELECT
  export, direction, first_increment_s, next_increment_s, currency,
  count(*) AS answered,
  sum(duration_s) AS spoken_s,
  sum(billed_s) AS billed_s,
  sum(billed_s) - sum(duration_s) AS lost_s,
  CAST(sum(billed_s) - sum(duration_s) AS double) / nullif(sum(billed_s), 0) AS lost_share,
  sum(CAST(rate AS double) * (billed_s - duration_s) / 60) AS lost_cost
FROM ({rows}) AS legs_asked
WHERE answered AND duration_s IS NOT NULL AND billed_s IS NOT NULL
GROUP BY export, direction, first_increment_s, next_increment_s, currency
ORDER BY lost_s DESC, export, direction, first_increment_s, next_increment_s
