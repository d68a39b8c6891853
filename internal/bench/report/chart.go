package main

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// bars are the times of one piece of work.
type bars struct {
	title   string
	samples []sample
}

var (
	oursColor  = color.RGBA{R: 0x1f, G: 0x6f, B: 0xb4, A: 0xff}
	theirColor = color.RGBA{R: 0xb4, G: 0xba, B: 0xc2, A: 0xff}
)

const (
	chartWidth  = 24 * vg.Centimeter
	chartHeight = 9 * vg.Centimeter
)

// drawChart draws the times of the objects and lists in memory, as multiples of the floor.
func drawChart(path string, all []bars) (err error) {
	if len(all) < 3 {
		return nil
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Centimeter, PadTop: vg.Points(4), PadBottom: vg.Points(4), PadLeft: vg.Points(4), PadRight: vg.Points(8)}
	whole := draw.New(canvas)
	whole.FillPolygon(color.White, []vg.Point{{}, {X: chartWidth}, {X: chartWidth, Y: chartHeight}, {Y: chartHeight}})
	for i, b := range []bars{all[0], all[2]} {
		p, err := chart(b)
		if err != nil {
			return err
		}
		p.Draw(tiles.At(whole, i, 0))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func chart(b bars) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = b.title
	p.X.Label.Text = "time, as a multiple of the floor (shorter is better)"
	p.X.Min = 0
	var names []string
	floor := float64(b.samples[0].time)
	for i := range b.samples {
		// The axis runs upwards.
		s := b.samples[len(b.samples)-1-i]
		bar, err := plotter.NewBarChart(plotter.Values{float64(s.time) / floor}, vg.Points(12))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width = true, float64(i), 0
		bar.Color = theirColor
		if s.name == b.samples[1].name {
			bar.Color = oursColor
		}
		p.Add(bar)
		names = append(names, fmt.Sprintf("%s  %.2f", s.name, float64(s.time)/floor))
	}
	p.NominalY(names...)
	return p, nil
}
