package jobs

import (
	"context"
	"sync/atomic"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"
)

var _ interface {
	PluginInit(*baseservice.Archetype)
	PluginPilot() riverpilot.Pilot
} = (*wakingDriver)(nil)

// waker makes the workers of this process look for jobs now. SQLite has no
// notifications, and River wakes its workers only for jobs inserted outside a
// transaction; the hook that River gives to pilots does it for ours. On PostgreSQL
// it does nothing, because the insert notifies.
type waker struct {
	notify  func(ctx context.Context, res []*rivertype.JobInsertResult) // set before enable
	enabled atomic.Bool
}

func (w *waker) enable()  { w.enabled.Store(w.notify != nil) }
func (w *waker) disable() { w.enabled.Store(false) }

func (w *waker) wake() {
	if w.enabled.Load() {
		w.notify(context.Background(), []*rivertype.JobInsertResult{{Job: &rivertype.JobRow{Queue: river.QueueDefault}}})
	}
}

// wakingDriver is River's SQLite driver with a pilot that hands the wake-up out.
// The interfaces are River's internal ones: the modules are pinned to one version
// and a test measures that the wake-up works.
type wakingDriver struct {
	*riversqlite.Driver
	waker *waker
}

// PluginInit implements River's driver plugin.
func (d *wakingDriver) PluginInit(*baseservice.Archetype) {}

// PluginPilot implements River's driver plugin.
func (d *wakingDriver) PluginPilot() riverpilot.Pilot { return &wakingPilot{waker: d.waker} }

type wakingPilot struct {
	riverpilot.StandardPilot
	waker *waker
}

// PilotInit implements riverpilot.Pilot.
func (p *wakingPilot) PilotInit(archetype *baseservice.Archetype, params *riverpilot.PilotInitParams) {
	p.StandardPilot.PilotInit(archetype, params)
	p.waker.notify = params.NotifyNonTxJobInsert
}
