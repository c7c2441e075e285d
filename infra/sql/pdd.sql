-- How long do callers wait before it rings (post-dial delay), where the vendor tells?
-- A vendor that does not say in which unit keeps its figure in `extra`: it is shown as it is, never mixed with another.
SELECT
  export, direction, country, unit,
  count(*) AS legs,
  approx_percentile(delay, 0.5) AS median,
  approx_percentile(delay, 0.95) AS p95,
  max(delay) AS longest
FROM (
  SELECT
    export, direction, country,
    CASE WHEN pdd_ms IS NULL THEN 'as the vendor writes it' ELSE 'ms' END AS unit,
    coalesce(CAST(pdd_ms AS double), TRY_CAST(element_at(extra, 'PDD') AS double)) AS delay
  FROM ({rows}) AS legs_asked
) AS told
WHERE delay IS NOT NULL
GROUP BY export, direction, country, unit
ORDER BY median DESC, export, direction, country
