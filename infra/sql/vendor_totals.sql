-- Do the vendor's totals agree with our sums, window by window?
-- By UTC date; the largest difference comes first, and what the vendor gives no totals of is not here.
SELECT
  export, dt, source, window_start, window_end, rows, vendor_rows, cost, vendor_cost,
  vendor_rows - rows AS rows_difference,
  vendor_cost - cost AS cost_difference,
  receipt_key
FROM (
  SELECT
    export, dt, source, window_start, window_end, rows, vendor_rows, receipt_key,
    CAST(cost AS decimal(38,8)) AS cost,
    CAST(vendor_cost AS decimal(38,8)) AS vendor_cost
  FROM {database}.windows
  WHERE month BETWEEN substr({opening}, 1, 7) AND substr({closing}, 1, 7)
    AND dt BETWEEN {opening} AND {closing}
    AND export IN ({only})
    AND (vendor_rows IS NOT NULL OR vendor_cost IS NOT NULL)
) AS told
ORDER BY abs(coalesce(vendor_rows - rows, 0)) DESC, abs(vendor_cost - cost) DESC, export, window_start, source
LIMIT {lines}
