// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package mutants lists deliberate bugs in the cores. The simulator is worth
// something as long as it finds each of them within a minute: a test builds it with
// one of them at a time and sees to that. The tree itself is never changed.
package mutants

// Mutant is a bug: in File, Old, which is there exactly once, becomes New.
type Mutant struct {
	Name string
	File string // in the tree
	Old  string
	New  string
	Why  string // what would be wrong with it
}

// All are the bugs, in the order of their files.
var All = []Mutant{
	{
		Name: "an executor's resources stay in use",
		File: "master/core/agent.go",
		Old:  "\tc.alloc.Discharge(e.piece())\n", New: "",
		Why: "an agent fills up with executors that have exited",
	},
	{
		Name: "a rescinded offer is not told",
		File: "master/core/offer.go",
		Old:  "\tc.takeBack(o)\n\tc.toFramework(o.framework, rescindEvent(o.id))\n", New: "\tc.takeBack(o)\n",
		Why: "a scheduler counts on resources that another was offered",
	},
	{
		Name: "no rescind on disconnect",
		File: "master/core/agentend.go",
		Old:  "\tif why != \"\" {\n\t\tc.rescindAll(a)\n\t}\n", New: "",
		Why: "offers of an agent that is not there stand",
	},
	{
		Name: "an agent forgets who was drained",
		File: "master/core/drain.go",
		Old:  "\ta.drainStarted = c.now\n\tc.rememberAgent(a)\n", New: "\ta.drainStarted = c.now\n",
		Why: "after a failover the agent is offered again, while an operator takes it apart",
	},
	{
		Name: "double charge on adopt",
		File: "master/core/adopt.go",
		Old:  "\tc.addExecutor(e)\n\tc.alloc.Charge(e.piece())\n", New: "\tc.addExecutor(e)\n\tc.alloc.Charge(e.piece())\n\tc.alloc.Charge(e.piece())\n",
		Why: "each return of an agent costs it some of its resources",
	},
	{
		Name: "tasks of an unreachable agent are not added again",
		File: "master/core/adopt.go",
		Old:  "\t\tc.adoptTask(a, r, t, before[t.key()])\n", New: "\t\tif !r.returns {\n\t\t\tc.adoptTask(a, r, t, before[t.key()])\n\t\t}\n",
		Why: "they run, nobody knows of them, and their resources are offered again",
	},
	{
		Name: "a task that comes back is not told",
		File: "master/core/adopt.go",
		Old:  "\tif r.returns {\n\t\tc.tellReturned(t)\n\t}\n", New: "",
		Why: "a framework starts another in place of one that runs",
	},
	{
		Name: "a kill is lost while the agent is away",
		File: "master/core/adopt.go",
		Old:  "\t}\n\tc.sendKill(t)\n}\n", New: "\t}\n}\n",
		Why: "a task runs for ever that its framework has killed",
	},
	{
		Name: "the removal of a framework forgets an agent",
		File: "master/core/frameworkend.go",
		Old:  "\tfor _, a := range agentsOf(f) {\n", New: "\tfor i, a := range agentsOf(f) {\n\t\tif i == 0 {\n\t\t\tcontinue\n\t\t}\n",
		Why: "tasks of nobody run on",
	},
	{
		Name: "an executor is launched that nobody accounts for",
		File: "master/core/launch.go",
		Old:  "LaunchExecutor: new(o.executor == nil || o.fresh)", New: "LaunchExecutor: new(true)",
		Why: "one that exited while the task was on its way comes back, on resources that were offered again",
	},
	{
		Name: "filters are ignored",
		File: "master/allocator/filter.go",
		Old:  "\t\tif flt.refusal.resources.Contains(piece) {\n", New: "\t\tif len(list) > 1000 {\n",
		Why: "a framework that declines is offered the same again at once",
	},
	{
		Name: "a piece is granted twice",
		File: "master/core/launch.go",
		Old:  "\tl.pool = l.core.less(l.pool, r)\n", New: "",
		Why: "what a task takes is granted to others as well",
	},
	{
		Name: "updates leave out of order",
		File: "agent/core/updates.go",
		Old:  "\treturn s.pending[0]\n", New: "\treturn s.pending[len(s.pending)-1]\n",
		Why: "a framework sees a task run after it has ended, or never run",
	},
	{
		Name: "an executor's update is taken twice",
		File: "agent/core/calls.go",
		Old:  "\tcase t.updates.repeats(s):\n", New: "\tcase t.updates.repeats(s) && t.latest == mesos.TaskState_TASK_STAGING:\n",
		Why: "one that an executor repeats, because it lost its connection, comes again after the next",
	},
	{
		Name: "updates are not sent to a new master",
		File: "agent/core/master.go",
		Old:  "\t\tt.updates.interval = 0\n\t\tc.transmit(now, t)\n", New: "\t\tt.updates.interval = 0\n",
		Why: "an end that was on its way when the master failed over is never told",
	},
	{
		Name: "a kill is not repeated to an executor that comes back",
		File: "agent/core/calls.go",
		Old:  "\t\tcase t.killed:\n\t\t\tc.event(e, killEvent(t))\n", New: "",
		Why: "a task runs for ever that its framework has killed",
	},
	{
		Name: "the tasks of an executor that died are told to have finished",
		File: "agent/core/ending.go",
		Old:  "\t\t\tstate:   e.framework.lost(mesos.TaskState_TASK_FAILED),\n\t\t\treason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,\n\t\t\tmessage: e.lastWords(x),", New: "\t\t\tstate:   mesos.TaskState_TASK_FINISHED,\n\t\t\treason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,\n\t\t\tmessage: e.lastWords(x),",
		Why: "a framework takes what was cut off for done",
	},
}
