package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// filled returns a tab with a page on which there is something of everything.
func filled(t *testing.T, before ...step) (*sandbox, *tab) {
	t.Helper()
	s := start(t)
	b := open(t, s.page, before...)
	b.await(t, live)
	for fault, operation := range map[string]string{"unavailable": "argo.CreateTenant", "slow": "keboola.CreateUser"} {
		b.do(t, chromedp.SetValue(`select[name=operation]`, operation), chromedp.SetValue(`select[name=fault]`, fault), chromedp.Submit(`form`))
		b.await(t, fmt.Sprintf(`document.getElementById('armed').innerText.includes(%q)`, strings.SplitN(operation, ".", 2)[1]))
		b.await(t, live)
	}
	s.create(t, "Cassini") // which meets its fault first
	get(t, s.baseURL+"/admin/tenants/"+strings.Repeat("long-", 60)+"?query="+strings.Repeat("x.", 200), "x-api-key: "+s.key, "Accept: application/json")
	get(t, s.baseURL+"/nothing")
	b.await(t, rows(4))
	b.do(t, script(`for (const d of document.querySelectorAll('details')) d.open = true`))
	return s, b
}

// prefer makes the browser prefer something, in the words of CSS.
func prefer(name, value string) step {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
}

// size gives the window a size.
func size(width, height int64) step {
	return command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// contrasts returns the texts whose contrast is below that of WCAG 2.2, level AA, and the borders
// of controls below theirs.
const contrasts = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const ground = (element) => {
		for (; element; element = element.parentElement) {
			const color = rgba(getComputedStyle(element).backgroundColor);
			if (color[3] === 255) return color;
			if (color[3] !== 0) throw new Error('half transparent: ' + element.outerHTML);
		}
		return [255, 255, 255, 255];
	};
	const luminance = (color) => {
		const [r, g, b] = color.slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ratio = (a, b) => {
		const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
		return (x + 0.05) / (y + 0.05);
	};
	const found = [];
	let seen = 0;
	const check = (element, color, least, what) => {
		seen++;
		const got = ratio(rgba(color), ground(what === 'border' ? element.parentElement : element));
		if (got < least) found.push(what + ' ' + got.toFixed(2) + ' of ' + element.outerHTML.slice(0, 100));
	};
	for (const animation of document.getAnimations()) animation.finish();
	for (const element of document.body.querySelectorAll('*')) {
		if (!element.checkVisibility()) continue;
		const style = getComputedStyle(element);
		if ([...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())) check(element, style.color, 4.5, 'text');
		if (element.matches('button, select')) check(element, style.borderTopColor, 3, 'border');
	}
	if (seen < 100) found.push('only ' + seen + ' texts are there to see');
	return found;
})()`

func TestColours(t *testing.T) {
	t.Parallel()
	_, b := filled(t)
	grounds := make(map[string]string)
	for _, name := range []string{"light", "dark"} {
		b.do(t, prefer("prefers-color-scheme", name))
		b.await(t, fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, name))
		for _, found := range eval[[]string](t, b, contrasts) {
			t.Errorf("%s: %s", name, found)
		}
		grounds[name] = eval[string](t, b, `getComputedStyle(document.documentElement).backgroundColor`)
		b.do(t, size(1280, 900), chromedp.Focus(`#pause`))
		b.picture(t, name)
	}
	if grounds["light"] == grounds["dark"] {
		t.Errorf("light and dark have the same ground, %s", grounds["light"])
	}
}

// No text is so wide that the page has to be moved sideways: on 320 pixels, which is also a window
// of 640 at 200 %, and with large text.
func TestNarrow(t *testing.T) {
	t.Parallel()
	_, b := filled(t)
	for _, test := range []struct {
		name   string
		width  int64
		height int64
		text   string
	}{
		{"wide", 1280, 900, "100%"}, {"middle", 860, 900, "100%"}, {"narrow", 320, 800, "100%"}, {"large-text", 1280, 900, "200%"}, {"narrow-large-text", 480, 800, "200%"},
	} {
		b.do(t, size(test.width, test.height))
		b.await(t, fmt.Sprintf(`innerWidth === %d`, test.width))
		b.do(t, script(fmt.Sprintf(`document.documentElement.style.fontSize = %q`, test.text)))
		if got := eval[int64](t, b, `document.scrollingElement.scrollWidth`); got > test.width {
			t.Errorf("%s: the page is %d pixels wide, of %d", test.name, got, test.width)
		}
		// Nothing sticks out of the window, and no text out of its box.
		out := eval[[]string](t, b, `[...document.querySelectorAll('main *, header *')].filter((e) => e.checkVisibility() && !e.closest('.unseen, thead') &&
			(e.getBoundingClientRect().right > innerWidth + 1 || getComputedStyle(e).overflowX === 'visible' && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !e.matches('table, tbody, tr')))
			.map((e) => e.outerHTML.slice(0, 90))`)
		for _, element := range out {
			t.Errorf("%s: sticks out: %s", test.name, element)
		}
		b.picture(t, test.name)
	}
}

func TestReducedMotion(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"no-preference": 1, "reduce": 0} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			b := open(t, s.page, prefer("prefers-reduced-motion", value))
			b.await(t, live)
			s.create(t, "Cassini")
			b.await(t, rows(1))
			if got := eval[int](t, b, `['fresh'].filter((name) => getComputedStyle(document.querySelector('#rows tr')).animationName === name).length`); got != want {
				t.Errorf("%d rows move, want %d", got, want)
			}
		})
	}
}

// The keyboard reaches everything in the order of the page, and shows where it is.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	s.create(t, "Cassini")
	b.await(t, rows(1))
	want := []string{
		"Skip to the last requests", "Pause", "By name in ARGO", "By name in Worklytics", "By name in Keboola", "By name in Autonomous Identity", "By name in Infoworks",
		"operation", "fault", "Inject the fault", "Drop all faults", "Body of request 1",
	}
	for _, name := range want {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		if got := eval[string](t, b, `document.activeElement.name && document.activeElement.name !== 'drop' ? document.activeElement.name : document.activeElement.textContent`); got != name {
			t.Errorf("the focus is on %q, want %q", got, name)
		}
		if !eval[bool](t, b, `(() => {
			const style = getComputedStyle(document.activeElement), box = document.activeElement.getBoundingClientRect();
			return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight;
		})()`) {
			t.Errorf("the focus on %q cannot be seen", name)
		}
	}
	b.do(t, chromedp.KeyEvent(kb.Enter))
	b.await(t, `document.querySelector('#rows details').open`)
	b.do(t, chromedp.Focus(`.skip`), chromedp.KeyEvent(kb.Enter))
	b.await(t, `document.activeElement.id === 'requests'`)
	b.do(t, chromedp.Focus(`#pause`), chromedp.KeyEvent(" "))
	b.await(t, `document.getElementById('status').textContent === 'Paused'`)
}

// text is what the accessibility tree says under a name.
func text(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	return strings.Trim(string(value.Value), `"`)
}

// What a reader of the page hears, on a wide page and on a narrow one, where the table has no
// columns to see.
func TestAccessibilityTree(t *testing.T) {
	t.Parallel()
	_, b := filled(t)
	if problems := eval[[]string](t, b, `(() => {
		const found = [], ids = new Set();
		if (document.documentElement.lang !== 'en') found.push('no language');
		if (!document.title) found.push('no title');
		for (const e of document.querySelectorAll('[id]')) {
			if (ids.has(e.id)) found.push('twice: ' + e.id);
			ids.add(e.id);
		}
		for (const e of document.querySelectorAll('[aria-labelledby]')) if (!ids.has(e.getAttribute('aria-labelledby'))) found.push('label of ' + e.outerHTML.slice(0, 80));
		let level = 0;
		for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
			const own = Number(e.tagName[1]);
			if (own > level + 1) found.push('heading too deep: ' + e.textContent);
			level = own;
		}
		for (const e of document.querySelectorAll('th')) if (e.scope !== 'col') found.push('th without scope');
		if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
		if (document.querySelector('[aria-live=assertive], [role=alert]')) found.push('interrupts');
		for (const e of document.querySelectorAll('button, select, summary')) {
			const box = e.getBoundingClientRect();
			if (box.height < 16 || box.width < 24) found.push('too small: ' + e.outerHTML.slice(0, 80));
		}
		return found;
	})()`); len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	for _, width := range []int64{1280, 320} {
		b.do(t, size(width, 900))
		b.await(t, fmt.Sprintf(`innerWidth === %d`, width))
		tree := run(t, b, func(ctx context.Context, target *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
			return cdp.Call(ctx, target, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		})
		count := make(map[string]int)
		for _, node := range tree.Nodes {
			if node.Ignored {
				continue
			}
			role, name := text(node.Role), text(node.Name)
			count[role]++
			switch role {
			case "button", "combobox", "link", "table", "form", "region", "article", "columnheader", "heading", "DisclosureTriangle":
				if name == "" {
					t.Errorf("at %d: a %s without a name", width, role)
				}
			}
		}
		for role, want := range map[string]int{
			"banner": 1, "main": 1, "table": 1, "columnheader": 6, "row": 5, "cell": 24, "status": 2, "combobox": 2, "region": 3, "article": 5, "heading": 9, "link": 1,
			"form": 1,
		} {
			if count[role] != want {
				t.Errorf("at %d: %d of the role %s, want %d (%v)", width, count[role], role, want, count)
			}
		}
	}
}
