-- What did we spend by country and month?
SELECT
  substr(CAST(day AS varchar), 1, 7) AS month, export, direction, country, currency,
  count(DISTINCT call) AS calls,
  sum(billed_s) / 60e0 AS billed_minutes,
  sum(cost) AS cost,
  count_if(cost IS NULL) AS unpriced
FROM ({rows}) AS legs_asked
GROUP BY substr(CAST(day AS varchar), 1, 7), export, direction, country, currency
ORDER BY month, cost DESC, export, direction, country
