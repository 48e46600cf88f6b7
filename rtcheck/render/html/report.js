/* What the page adds where scripts run: folded lists, a plot that answers the pointer and the keyboard, the JSON as a
   file. Everything it needs is in the page; without it the page is complete. */
(function () {
  "use strict";
  function stored(name) { return JSON.parse(document.getElementById(name + "-json").textContent); }
  var words = stored("plots"), exhibits = stored("exhibits");
  document.querySelectorAll("details.folded").forEach(function (one) { one.open = false; });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  /* Linear between the points of a curve; below the first it is the first, beyond the last nothing is left. */
  function at(doses, values, dose) {
    var high = doses.length - 1, low = 0, middle;
    if (dose <= doses[0]) { return values[0]; }
    if (dose >= doses[high]) { return dose === doses[high] ? values[high] : 0; }
    while (high - low > 1) { middle = (low + high) >> 1; if (doses[middle] <= dose) { low = middle; } else { high = middle; } }
    return values[low] + (values[high] - values[low]) * (dose - doses[low]) / (doses[high] - doses[low]);
  }

  function grid(most) {
    var out = [], i;
    for (i = 0; i <= 600; i += 1) { out.push(most * i / 600); }
    return out;
  }

  /* The curve of a line: its own, or that of a structure of the exhibits, named by its path. */
  function curve(line) {
    var found = /^exhibits\.structures\[(\d+)\]/.exec(line.path || "");
    return found ? exhibits.structures[Number(found[1])].curve : line;
  }

  function build(place, plot) {
    var box = place.querySelector(".plotbox"), items = Array.from(place.querySelectorAll(".curve"));
    var doses = grid(plot.highest), data = [doses], chart = null;
    var visible = plot.lines.map(function (line) { return line.shown; });
    plot.lines.forEach(function (line) {
      ["value_percent", "low_percent", "high_percent"].forEach(function (key) {
        data.push(doses.map(function (dose) { return at(curve(line).dose_gy, curve(line)[key], dose); }));
      });
    });

    var outputs = [];
    items.forEach(function (item, index) {
      var button = document.createElement("button"), output = document.createElement("output");
      button.type = "button";
      button.className = "curve";
      button.setAttribute("aria-pressed", String(visible[index]));
      while (item.firstChild) { button.appendChild(item.firstChild); }
      button.appendChild(output);
      item.replaceWith(button);
      outputs.push(output);
      button.addEventListener("click", function () {
        visible[index] = !visible[index];
        button.setAttribute("aria-pressed", String(visible[index]));
        show(index);
      });
    });

    var row = document.createElement("div"), label = document.createElement("label");
    var slider = document.createElement("input"), text = document.createElement("output");
    row.className = "readout";
    label.textContent = words.words.read_at;
    slider.type = "range";
    slider.min = "0";
    slider.max = String(doses.length - 1);
    slider.value = "0";
    slider.id = "read-" + plot.key;
    label.htmlFor = slider.id;
    text.className = "at";
    row.append(label, slider, text);
    box.after(row);

    function read(index) {
      slider.value = String(index);
      slider.setAttribute("aria-valuetext", doses[index].toFixed(1) + " Gy");
      text.textContent = doses[index].toFixed(1) + " Gy";
      plot.lines.forEach(function (line, number) {
        var volume = data[1 + 3 * number][index];
        outputs[number].textContent = volume.toFixed(1) + " %";
        outputs[number].title = at(curve(line).dose_gy, curve(line).value_cm3, doses[index]).toFixed(2) + " cc";
      });
    }
    slider.addEventListener("input", function () {
      var index = Number(slider.value);
      read(index);
      chart.setCursor({left: chart.valToPos(doses[index], "x"), top: chart.over.clientHeight / 2});
    });

    function show(index) {
      for (var part = 0; part < 3; part += 1) { chart.setSeries(1 + 3 * index + part, {show: visible[index]}); }
    }

    function marks(u) {
      var ink = u.ctx, scale = window.devicePixelRatio || 1;
      ink.save();
      plot.lines.forEach(function (line, index) {
        if (!visible[index]) { return; }
        line.marks.forEach(function (mark) {
          var x = u.valToPos(mark.dose, "x", true), mean = mark.volume === null;
          var y = u.valToPos(mean ? 0 : mark.volume, "y", true), way = mark.below ? 1 : -1;
          var shade = mark.bad ? colour("--bad") : colour("--curve-" + line.colour);
          ink.lineWidth = 1.4 * scale;
          ink.strokeStyle = shade;
          ink.fillStyle = mark.goal ? shade : colour("--page");
          ink.beginPath();
          if (mean) {
            ink.moveTo(x, y);
            ink.lineTo(x, y - 10 * scale);
            ink.lineTo(x - way * 7 * scale, y - 5.5 * scale);
            ink.lineTo(x, y - 1 * scale);
          } else {
            ink.moveTo(x - 6 * scale, y);
            ink.lineTo(x + 6 * scale, y);
            ink.lineTo(x, y + way * 8 * scale);
            ink.closePath();
          }
          ink.fill();
          ink.stroke();
        });
      });
      ink.restore();
    }

    /* Names at the curves, where they cover no other name. */
    function names(u) {
      var ink = u.ctx, scale = window.devicePixelRatio || 1, taken = [];
      ink.save();
      ink.font = "600 " + 12 * scale + "px system-ui, sans-serif";
      ink.textAlign = "left";
      ink.textBaseline = "middle";
      ink.lineJoin = "round";
      plot.lines.forEach(function (line, index) {
        if (!visible[index]) { return; }
        var label = line.label.length > 26 ? line.label.slice(0, 25) + "…" : line.label;
        var width = ink.measureText(label).width, tall = 15 * scale, values = data[1 + 3 * index];
        [62, 50, 74, 38, 84, 26, 92, 16, 8, 4].some(function (volume) {
          var place = values.findIndex(function (value) { return value <= volume; });
          if (place < 0) { return false; }
          var x = u.valToPos(doses[place], "x", true) + 6 * scale, y = u.valToPos(volume, "y", true);
          if (x + width > u.bbox.left + u.bbox.width) { x -= width + 12 * scale; }
          if (x < u.bbox.left) { return false; }
          var meets = taken.some(function (one) {
            return x < one[0] + one[2] && one[0] < x + width && Math.abs(y - one[1]) < tall;
          });
          if (meets) { return false; }
          taken.push([x, y, width]);
          ink.strokeStyle = colour("--page");
          ink.lineWidth = 4 * scale;
          ink.strokeText(label, x, y);
          ink.fillStyle = colour("--curve-" + line.colour);
          ink.fillText(label, x, y);
          return true;
        });
      });
      ink.restore();
    }

    function draw() {
      var series = [{}], bands = [], size = {width: Math.max(240, box.clientWidth), height: 0};
      size.height = Math.round(Math.min(500, Math.max(260, size.width * 0.52)));
      plot.lines.forEach(function (line, index) {
        var stroke = colour("--curve-" + line.colour), first = 1 + 3 * index;
        series.push({label: line.label, stroke: stroke, width: line.target ? 2.2 : 1.5, dash: line.dash,
          points: {show: false}, show: visible[index]});
        series.push({label: line.label + " low", points: {show: false}, show: visible[index]});
        series.push({label: line.label + " high", points: {show: false}, show: visible[index]});
        bands.push({series: [first + 2, first + 1], fill: stroke + "2e"});
      });
      var axis = {stroke: colour("--quiet"), grid: {stroke: colour("--line"), width: 1},
        ticks: {stroke: colour("--line"), width: 1}, font: "12px system-ui, sans-serif",
        labelFont: "12px system-ui, sans-serif", labelSize: 22};
      if (chart) { chart.destroy(); }
      chart = new uPlot({
        width: size.width, height: size.height, legend: {show: false}, series: series, bands: bands,
        scales: {x: {time: false, range: [0, plot.highest]}, y: {range: [0, 102]}},
        axes: [Object.assign({}, axis, {label: plot.dose_axis}), Object.assign({}, axis, {label: plot.volume_axis, size: 46})],
        cursor: {drag: {x: false, y: false}, y: false, points: {size: 7}},
        hooks: {
          draw: [marks, names],
          setCursor: [function (u) { if (u.cursor.idx !== null && u.cursor.idx !== undefined) { read(u.cursor.idx); } }]
        }
      }, data, box);
      chart.root.setAttribute("aria-hidden", "true");
    }

    place.classList.add("scripted");
    draw();
    var pending = 0;
    window.addEventListener("resize", function () {
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(draw);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  document.querySelectorAll("[data-plot]").forEach(function (place) {
    var plot = words.plots.find(function (one) { return one.key === place.dataset.plot; });
    if (plot && plot.lines.length) { build(place, plot); }
  });

  var data = document.getElementById("data"), button = document.createElement("button");
  if (data) {
    button.type = "button";
    button.className = "button";
    button.textContent = words.words.save_json;
    button.addEventListener("click", function () {
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([document.getElementById("report-json").textContent], {type: "application/json"}));
      link.download = "report.json";
      link.click();
      setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    });
    data.appendChild(button);
  }
}());
