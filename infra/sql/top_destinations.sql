-- Which destinations cost most?
-- A destination is the first {digits} characters of the called number, its plus sign among them.
SELECT
  export, country, substr(coalesce(to_number, to_raw), 1, {digits}) AS destination, currency,
  count(DISTINCT call) AS calls,
  count(DISTINCT CASE WHEN answered THEN call END) AS answered,
  sum(billed_s) / 60e0 AS billed_minutes,
  sum(cost) AS cost,
  count_if(cost IS NULL) AS unpriced
FROM ({rows}) AS legs_asked
WHERE direction = 'outbound'
GROUP BY export, country, substr(coalesce(to_number, to_raw), 1, {digits}), currency
ORDER BY cost DESC, destination, export, country, currency
LIMIT {lines}
