// Draws each chart of the page's data; a tooltip is the row of the chart's own table, set as text and never as markup.
(() => {
  "use strict";
  const screen = matchMedia("(min-width: 800px)");
  const charts = JSON.parse(document.getElementById("data").textContent);

  const cells = (row) => [...row.cells].map((cell) => cell.textContent);
  const grouped = (text) => text.replace(/^\d{4,}(?=\.|$)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  function tip(chart) {
    const table = document.getElementById(`${chart.name}-table`);
    return (points) => {
      const point = Array.isArray(points) ? points[0] : points;
      const made = element("div", "");
      if (!point) return made;
      // A day of a calendar says which row is its; elsewhere points and rows have one order.
      const at = chart.kind === "calendar" ? point.value[3] : point.dataIndex;
      const [title, ...rest] = cells(table.tBodies[0].rows[at]);
      const heads = cells(table.tHead.rows[0]).slice(1);
      const lines = document.createElement("table");
      rest.forEach((text, at) => {
        if (!text) return;
        const line = lines.insertRow();
        line.append(element("td", heads[at]), element("td", grouped(text)));
      });
      made.className = "tip";
      made.append(element("b", title), lines);
      return made;
    };
  }

  // Beside the pointer, else below or above it, inside the window: never over what it tells of.
  function beside(chart) {
    return ([x, y], _points, _tip, _cell, { contentSize: [width, height] }) => {
      const { left, top } = document.getElementById(chart.name).getBoundingClientRect();
      const most = document.documentElement.clientWidth - left - width - 8;
      const lowest = document.documentElement.clientHeight - top - height - 8;
      if (x + 24 <= most) return [x + 24, Math.min(y + 24, lowest)];
      return [Math.max(8 - left, most), y + 24 <= lowest ? y + 24 : y - 24 - height];
    };
  }

  function draw(chart) {
    const place = document.getElementById(chart.name);
    echarts.getInstanceByDom(place)?.dispose();
    place.style.height = `${(screen.matches && chart.wide_height) || chart.height}px`;
    place.style.display = "block";
    const drawn = echarts.init(place, null, { renderer: "svg" });
    drawn.setOption({ ...chart.option, tooltip: { ...chart.option.tooltip, formatter: tip(chart), position: beside(chart) } });
    if (screen.matches) drawn.setOption(chart.wide);
  }

  const sized = new ResizeObserver((all) => all.forEach(({ target }) => echarts.getInstanceByDom(target)?.resize()));
  charts.forEach((chart) => {
    draw(chart);
    sized.observe(document.getElementById(chart.name));
  });
  screen.addEventListener("change", () => charts.forEach(draw));
})();
