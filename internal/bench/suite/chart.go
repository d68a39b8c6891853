package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"os"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// bars are the times of one piece of work, in the order of [peer.All].
type bars struct {
	title   string
	samples []sample
}

const (
	chartWidth  = 25 * vg.Centimeter
	chartHeight = 9.5 * vg.Centimeter
	namesWidth  = 4.6 * vg.Centimeter
)

// The colors are names of the style below, which knows those for light and for dark pages.
var (
	backColor  = color.RGBA{R: 0xfe, G: 0xfe, B: 0xfe, A: 0xff}
	lineColor  = color.RGBA{R: 0x9a, G: 0xa4, B: 0xaf, A: 0xff}
	oursColor  = color.RGBA{R: 0x09, G: 0x69, B: 0xda, A: 0xff}
	floorColor = color.RGBA{R: 0x59, G: 0x63, B: 0x6e, A: 0xff}
	peerColor  = color.RGBA{R: 0xc4, G: 0xca, B: 0xd1, A: 0xff}
)

const chartStyle = `<style>
  svg { --ink: #1f2328; --back: #ffffff; --line: #9aa4af; --ours: #0969da; --floor: #59636e; --peer: #c4cad1; }
  @media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --back: #0d1117; --line: #59636e; --ours: #4493f8; --floor: #9da7b1; --peer: #3d444d; } }
  text { fill: var(--ink); }
</style>
`

var named = strings.NewReplacer("#FEFEFE", "var(--back)", "#9AA4AF", "var(--line)", "#0969DA", "var(--ours)", "#59636E", "var(--floor)", "#C4CAD1", "var(--peer)",
	"font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif")

// drawChart draws the times of the calls, as multiples of the floor, side by side.
func drawChart(path string, all []bars) error {
	if len(all) == 0 {
		return nil
	}
	plot.DefaultFont.Variant = "Sans"
	canvas := vgsvg.New(chartWidth, chartHeight)
	whole := draw.New(canvas)
	whole.FillPolygon(backColor, []vg.Point{{}, {X: chartWidth}, {X: chartWidth, Y: chartHeight}, {Y: chartHeight}})
	margin := vg.Points(10)
	tiles := draw.Tiles{Rows: 1, Cols: len(all), PadX: vg.Points(24), PadTop: margin, PadBottom: margin, PadLeft: margin, PadRight: margin}
	var told []string
	for i, b := range all {
		p, err := chart(b)
		if err != nil {
			return err
		}
		p.Draw(tiles.At(whole, i, 0))
		told = append(told, fmt.Sprintf("%s: tenantkit takes %s times the processor time of the better call by hand.", b.title, ratio(b.samples[peer.Hands].time, better(b.samples[:peer.Hands]).time)))
	}
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return err
	}
	head, rest, found := strings.Cut(drawn.String(), "<g ")
	if !found {
		return fmt.Errorf("the chart has no group")
	}
	text := head + "<title>Processor time of calls, ours beside others</title>\n<desc>" + strings.Join(told, " ") + "</desc>\n" + chartStyle + "<g " + named.Replace(rest)
	return os.WriteFile(path, []byte(text), 0o644)
}

// chart draws one piece of work, the fastest on top.
func chart(b bars) (*plot.Plot, error) {
	hands, ours := b.samples[:peer.Hands], b.samples[peer.Hands]
	floor := better(hands)
	samples := slices.SortedStableFunc(slices.Values(b.samples), func(x, y sample) int { return cmp.Compare(y.time, x.time) })
	p := plot.New()
	p.BackgroundColor = backColor
	p.Title.Text = b.title
	p.Title.TextStyle.Font.Weight = xfont.WeightBold
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text = "processor time, the better by hand = 1"
	p.X.Label.TextStyle.Font.Size = vg.Points(10)
	p.X.Label.Padding = vg.Points(4)
	for _, style := range []*draw.LineStyle{&p.X.LineStyle, &p.X.Tick.LineStyle} {
		style.Color = lineColor
	}
	var labels, names plotter.XYLabels
	for i, s := range samples {
		share := float64(s.time) / float64(floor.time)
		bar, err := plotter.NewBarChart(plotter.Values{share}, vg.Points(13))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width = true, float64(i), 0
		switch {
		case s.name == ours.name:
			bar.Color = oursColor
		case slices.ContainsFunc(hands, func(h sample) bool { return h.name == s.name }):
			bar.Color = floorColor
		default:
			bar.Color = peerColor
		}
		p.Add(bar)
		labels.XYs = append(labels.XYs, plotter.XY{X: share, Y: float64(i)})
		labels.Labels = append(labels.Labels, fmt.Sprintf("%.2f", share))
		names.XYs = append(names.XYs, plotter.XY{Y: float64(i)})
		names.Labels = append(names.Labels, s.name)
	}
	beside, err := texts(labels, vg.Points(4))
	if err != nil {
		return nil, err
	}
	before, err := texts(names, -namesWidth)
	if err != nil {
		return nil, err
	}
	// The names begin at one place, whatever the width of the font that the page is shown in.
	p.Add(beside, before)
	p.HideY()
	// Room for the number behind the longest bar.
	p.X.Min, p.X.Max = 0, 1.15*float64(samples[0].time)/float64(floor.time)
	var ticks plot.ConstantTicks
	for at := 0.0; at <= p.X.Max; at += 0.5 {
		ticks = append(ticks, plot.Tick{Value: at, Label: fmt.Sprintf("%.1f", at)})
	}
	p.X.Tick.Marker = ticks
	return p, nil
}

// texts are labels that begin at an offset from their points.
func texts(labels plotter.XYLabels, offset vg.Length) (*plotter.Labels, error) {
	drawn, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, err
	}
	drawn.Offset.X = offset
	for i := range drawn.TextStyle {
		drawn.TextStyle[i].YAlign = draw.YCenter
		drawn.TextStyle[i].Font.Size = vg.Points(10)
	}
	return drawn, nil
}
