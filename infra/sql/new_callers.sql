-- Who called us that had never called in the {history} days before?
SELECT
  export, from_number, country,
  min(local_at) AS first_at,
  count(DISTINCT call) AS calls,
  count(DISTINCT CASE WHEN answered THEN call END) AS answered,
  sum(CASE WHEN answered THEN duration_s END) / 60e0 AS minutes
FROM ({rows}) AS legs_asked
LEFT JOIN (
  SELECT DISTINCT export AS seen_export, from_number AS seen_number
  FROM ({before}) AS earlier
  WHERE direction = 'inbound'
) AS seen
  ON seen_export = export AND seen_number = from_number
WHERE direction = 'inbound' AND from_number IS NOT NULL AND seen_number IS NULL
GROUP BY export, from_number, country
ORDER BY calls DESC, first_at, from_number, export
LIMIT {lines}
