-- Which destinations that were not called in the {history} days before cost most?
SELECT
  fresh.export, fresh.country, fresh.prefix, fresh.currency,
  min(fresh.local_at) AS first_at,
  count(DISTINCT fresh.call) AS calls,
  sum(fresh.billed_s) / 60e0 AS billed_minutes,
  sum(fresh.cost) AS cost,
  count_if(fresh.cost IS NULL) AS unpriced
FROM (
  SELECT legs_asked.*, substr(to_number, 1, {digits}) AS prefix
  FROM ({rows}) AS legs_asked
  WHERE direction = 'outbound' AND to_number IS NOT NULL
) AS fresh
LEFT JOIN (
  SELECT DISTINCT export AS seen_export, substr(to_number, 1, {digits}) AS seen_prefix
  FROM ({before}) AS earlier
  WHERE direction = 'outbound' AND to_number IS NOT NULL
) AS seen
  ON seen_export = fresh.export AND seen_prefix = fresh.prefix
WHERE seen_prefix IS NULL
GROUP BY fresh.export, fresh.country, fresh.prefix, fresh.currency
ORDER BY cost DESC, calls DESC, prefix, export, country, currency
LIMIT {lines}
