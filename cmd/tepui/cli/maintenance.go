// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/maintenance"
	operator "github.com/tepui/tepui/api/v1/master"
)

const machineArg = "\nMACHINE is the hostname of its agents, their address, or both as HOST/IP."

func (a *app) maintenance() *cobra.Command {
	return a.group("maintenance", "Plan when machines are out of use, and take them down and up",
		"Maintenance is of machines, with all agents on them: once one is in the schedule frameworks are asked to leave\n"+
			"it, 'start' takes it down, and 'stop' lets its agents come back.",
		a.schedule(), a.maintenanceStatus(), a.startMaintenance(), a.stopMaintenance())
}

func (a *app) schedule() *cobra.Command {
	var f operatorFlags
	var start string
	var duration time.Duration
	var cancel bool
	cmd := &cobra.Command{
		Use:   "schedule [MACHINE...] [flags]",
		Short: "Show the schedule, or put machines into it or take them out",
		Long:  "Schedule shows when machines are to be out of use, or plans it for some." + machineArg,
		Example: "  tepui maintenance schedule\n" +
			"  tepui maintenance schedule node7.example.com node8.example.com --start 2hrs --duration 30mins\n" +
			"  tepui maintenance schedule node7.example.com --cancel",
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().StringVar(&start, "start", "", "when it begins: a time such as '2026-12-31 23:00' or 2026-12-31T23:00:00Z, or the time until then such as 2hrs")
	durationFlag(cmd.Flags(), &duration, "duration", 0, "how long it takes; 0 = not known")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "take the machines out of the schedule")
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, args []string) error {
		machines, err := parseMachines(args)
		if err != nil {
			return err
		}
		var window *maintenance.Window
		switch {
		case len(args) == 0 && (cancel || start != ""):
			return usageError{errors.New("MACHINE is missing")}
		case len(args) > 0 && !cancel:
			if window, err = newWindow(machines, start, duration, time.Now()); err != nil {
				return err
			}
		}
		schedule, err := m.schedule(ctx)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			if err := m.reschedule(ctx, schedule, machines, window); err != nil {
				return err
			}
		}
		return f.print(schedule, func(w io.Writer) error { return writeSchedule(w, schedule) })
	})
}

func (m *operators) schedule(ctx context.Context) (*maintenance.Schedule, error) {
	answer, err := m.get(ctx, operator.Call_GET_MAINTENANCE_SCHEDULE)
	if err != nil {
		return nil, err
	}
	if s := answer.GetGetMaintenanceSchedule().GetSchedule(); s != nil {
		return s, nil
	}
	return new(maintenance.Schedule), nil
}

// reschedule takes machines out of the windows that they are in, and adds a new
// window if there is one.
func (m *operators) reschedule(ctx context.Context, s *maintenance.Schedule, machines []*mesos.MachineID, window *maintenance.Window) error {
	var windows []*maintenance.Window
	taken := 0
	for _, w := range s.GetWindows() {
		var stay []*mesos.MachineID
		for _, id := range w.GetMachineIds() {
			if isAmong(id, machines) {
				taken++
			} else {
				stay = append(stay, id)
			}
		}
		if w.MachineIds = stay; len(stay) > 0 {
			windows = append(windows, w)
		}
	}
	if window == nil && taken == 0 {
		return fmt.Errorf("%s: not in the schedule: 'tepui maintenance schedule' shows it", machineText(machines[0]))
	}
	if window != nil {
		windows = append(windows, window)
	}
	s.Windows = windows
	_, err := m.call(ctx, &operator.Call{
		Type:                      operator.Call_UPDATE_MAINTENANCE_SCHEDULE.Enum(),
		UpdateMaintenanceSchedule: &operator.Call_UpdateMaintenanceSchedule{Schedule: s},
	})
	return err
}

func isAmong(id *mesos.MachineID, machines []*mesos.MachineID) bool {
	for _, m := range machines {
		if strings.EqualFold(id.GetHostname(), m.GetHostname()) && id.GetIp() == m.GetIp() {
			return true
		}
	}
	return false
}

func newWindow(machines []*mesos.MachineID, start string, duration time.Duration, now time.Time) (*maintenance.Window, error) {
	begin, err := parseStart(start, now)
	if err != nil {
		return nil, usageError{err}
	}
	out := &mesos.Unavailability{Start: &mesos.TimeInfo{Nanoseconds: new(begin.UnixNano())}}
	if duration > 0 {
		out.Duration = mesos.NewDuration(duration)
	}
	return &maintenance.Window{MachineIds: machines, Unavailability: out}, nil
}

// parseStart reads a time, or how long it is until then.
func parseStart(text string, now time.Time) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t, nil
		}
	}
	var wait time.Duration
	if err := (durationValue{d: &wait}).Set(text); err != nil {
		return now, fmt.Errorf("--start %q: must be a time such as '2026-12-31 23:00', or the time until then such as 2hrs", text)
	}
	return now.Add(wait), nil
}

// parseMachines reads HOST, IP or HOST/IP.
func parseMachines(args []string) ([]*mesos.MachineID, error) {
	var machines []*mesos.MachineID
	for _, arg := range args {
		host, ip, both := strings.Cut(arg, "/")
		if _, err := netip.ParseAddr(host); err == nil && !both {
			host, ip, both = "", host, true
		}
		id := new(mesos.MachineID)
		if host != "" {
			id.Hostname = &host
		}
		if both {
			addr, err := netip.ParseAddr(ip)
			if err != nil {
				return nil, usageError{fmt.Errorf("%q: must be a hostname, an IP address, or both as HOST/IP", arg)}
			}
			id.Ip = new(addr.String())
		}
		if id.Hostname == nil && id.Ip == nil {
			return nil, usageError{errors.New("MACHINE is empty")}
		}
		machines = append(machines, id)
	}
	return machines, nil
}

func machineText(id *mesos.MachineID) string {
	switch {
	case id.GetIp() == "":
		return id.GetHostname()
	case id.GetHostname() == "":
		return id.GetIp()
	}
	return id.GetHostname() + "/" + id.GetIp()
}

func writeSchedule(w io.Writer, s *maintenance.Schedule) error {
	t := newTable(w, "MACHINE", "START", "DURATION")
	for _, window := range s.GetWindows() {
		duration := ""
		if d := window.GetUnavailability().GetDuration(); d != nil {
			duration = mesos.FormatDuration(mesos.Duration(d))
		}
		for _, id := range window.GetMachineIds() {
			t.row(machineText(id), timeText(window.GetUnavailability().GetStart()), duration)
		}
	}
	return t.flush()
}

func (a *app) maintenanceStatus() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "status [flags]",
		Short: "Show the machines that are to be left or are down, and what frameworks answered",
		Long: "Status shows the machines in the schedule, with what frameworks have answered when they were asked to\n" +
			"leave them, and those that are down.",
		Example: "  tepui maintenance status",
		Args:    noArgs,
	}
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, _ []string) error {
		answer, err := m.get(ctx, operator.Call_GET_MAINTENANCE_STATUS)
		if err != nil {
			return err
		}
		status := answer.GetGetMaintenanceStatus().GetStatus()
		return f.print(status, func(w io.Writer) error { return writeStatus(w, status) })
	})
}

func writeStatus(w io.Writer, status *maintenance.ClusterStatus) error {
	t := newTable(w, "MACHINE", "MODE", "FRAMEWORK", "ANSWER", "AT")
	for _, d := range status.GetDrainingMachines() {
		if len(d.GetStatuses()) == 0 {
			t.row(machineText(d.GetId()), "draining", "", "", "")
		}
		for _, s := range d.GetStatuses() {
			t.row(machineText(d.GetId()), "draining", s.GetFrameworkId().GetValue(), strings.ToLower(s.GetStatus().String()), timeText(s.GetTimestamp()))
		}
	}
	for _, id := range status.GetDownMachines() {
		t.row(machineText(id), "down", "", "", "")
	}
	return t.flush()
}

// machineOrder is a command that orders something about machines.
func (a *app) machineOrder(use, short, long, done string, order func([]*mesos.MachineID) *operator.Call) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use: use + " MACHINE... [flags]", Short: short, Long: long + machineArg,
		Example: "  tepui maintenance " + use + " node7.example.com",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("MACHINE is missing")}
			}
			_, err := parseMachines(args)
			return err
		},
	}
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		machines, err := parseMachines(args)
		if err != nil {
			return err
		}
		if _, err := m.call(ctx, order(machines)); err != nil {
			return err
		}
		for _, id := range machines {
			fmt.Fprintf(a.stdout, "machine %s is %s\n", machineText(id), done)
		}
		return nil
	})
}

func (a *app) startMaintenance() *cobra.Command {
	return a.machineOrder("start", "Take machines down that are in the schedule",
		"Start takes machines down: their agents are shut down, with all that runs there, and are not let in again until\n"+
			"'tepui maintenance stop'. They must be in the schedule.", "down",
		func(machines []*mesos.MachineID) *operator.Call {
			return &operator.Call{Type: operator.Call_START_MAINTENANCE.Enum(), StartMaintenance: &operator.Call_StartMaintenance{Machines: machines}}
		})
}

func (a *app) stopMaintenance() *cobra.Command {
	return a.machineOrder("stop", "Let machines come up again that are down",
		"Stop ends the maintenance of machines that are down, and takes them out of the schedule: their agents may come\n"+
			"back.", "up",
		func(machines []*mesos.MachineID) *operator.Call {
			return &operator.Call{Type: operator.Call_STOP_MAINTENANCE.Enum(), StopMaintenance: &operator.Call_StopMaintenance{Machines: machines}}
		})
}
