-- What does a minute of conversation cost, by route?
SELECT
  export, direction, route, currency,
  count(DISTINCT CASE WHEN answered THEN call END) AS answered,
  sum(CASE WHEN answered THEN duration_s END) / 60e0 AS minutes,
  sum(cost) AS cost,
  count_if(cost IS NULL) AS unpriced,
  CAST(sum(cost) AS double) / nullif(sum(CASE WHEN answered THEN duration_s END) / 60e0, 0) AS cost_per_minute
FROM ({rows}) AS legs_asked
GROUP BY export, direction, route, currency
ORDER BY cost_per_minute DESC, export, direction, route
