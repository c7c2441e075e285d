-- What did asking again change: calls priced late, calls that came late?
SELECT
  export, dt, "window".source AS source, revision, copied_at,
  CAST(element_at(changed, 'rows') AS bigint) AS rows_change,
  CAST(element_at(changed, 'duration_s') AS bigint) AS seconds_change,
  CAST(element_at(changed, 'cost') AS decimal(38,8)) AS cost_change
FROM {database}.receipts
WHERE dt BETWEEN {opening} AND {closing}
  AND export IN ({only})
  AND NOT checked
  AND changed IS NOT NULL
ORDER BY dt, export, source, revision
