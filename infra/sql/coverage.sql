-- Which days are complete, and what is wrong with the others?
-- By UTC date of the windows, from the ledger's last proof; a day of which a wanted source has not all its windows is
-- open. Stretches that have no window yet are no day here: `cdr coverage` knows them.
SELECT
  export, month, CAST(dt AS date) AS day,
  CASE
    WHEN lost > 0 THEN 'lost' WHEN quarantined > 0 THEN 'quarantined' WHEN stuck > 0 THEN 'stuck'
    WHEN unreachable > 0 THEN 'unreachable' WHEN whole = sources AND copied = windows THEN 'complete' ELSE 'open'
  END AS state,
  CASE
    WHEN lost + quarantined + stuck + unreachable > 0 OR sources IS NULL OR whole < sources OR copied < windows THEN NULL
    WHEN final = windows THEN 'final' ELSE 'provisional'
  END AS standing,
  windows, copied, rows, duration_s, cost, vendor_rows, vendor_cost, complete_for, revision, published_at, reasons,
  receipt_key
FROM (
  SELECT
    export, month, dt,
    max(wanted_sources) AS sources,
    count(DISTINCT CASE WHEN wanted_source IS NOT NULL AND whole_s = 86400 THEN source END) AS whole,
    count(*) AS windows,
    count(published_revision) AS copied,
    count_if(state = 'final') AS final,
    count_if(state = 'lost') AS lost,
    count_if(state = 'quarantined') AS quarantined,
    count_if(state = 'stuck') AS stuck,
    count_if(state = 'unreachable') AS unreachable,
    coalesce(sum(rows), 0) AS rows,
    sum(duration_s) AS duration_s,
    sum(CAST(cost AS decimal(38,8))) AS cost,
    sum(vendor_rows) AS vendor_rows,
    sum(CAST(vendor_cost AS decimal(38,8))) AS vendor_cost,
    array_join(array_sort(array_agg(DISTINCT complete_for) FILTER (WHERE complete_for IS NOT NULL)), '; ')
      AS complete_for,
    max(published_revision) AS revision,
    max(published_at) AS published_at,
    array_join(array_sort(array_agg(DISTINCT reason) FILTER (WHERE reason IS NOT NULL)), '; ') AS reasons,
    max_by(receipt_key, published_at) AS receipt_key
  FROM (
    SELECT windows.*, wanted_source, wanted_sources,
      sum(seconds) OVER (PARTITION BY export, dt, source) AS whole_s
    FROM {database}.windows
    LEFT JOIN (VALUES {wanted}) AS wanted(wanted_export, wanted_source, wanted_sources)
      ON wanted_export = export AND wanted_source = source
    WHERE month BETWEEN substr({opening}, 1, 7) AND substr({closing}, 1, 7)
      AND dt BETWEEN {opening} AND {closing}
      AND export IN ({only})
      AND (published_revision IS NOT NULL OR wanted_source IS NOT NULL)
  ) AS held
  GROUP BY export, month, dt
) AS days
