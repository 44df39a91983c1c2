// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"google.golang.org/protobuf/proto"
)

func (c *Core) getQuota() *master.Response {
	status := &quota.QuotaStatus{}
	for _, role := range slices.Sorted(maps.Keys(c.quotas)) {
		config := c.quotas[role].config
		status.Configs = append(status.Configs, config)
		if len(config.GetGuarantees()) > 0 {
			//lint:ignore SA1019 tools from before 1.9 look here
			status.Infos = append(status.Infos, oldQuota(config))
		}
	}
	return &master.Response{
		Type:     master.Response_GET_QUOTA.Enum(),
		GetQuota: &master.Response_GetQuota{Status: status},
	}
}

// oldQuota returns the guarantees as masters before 1.9 had them.
func oldQuota(config *quota.QuotaConfig) *quota.QuotaInfo {
	info := &quota.QuotaInfo{Role: config.Role}
	for _, name := range slices.Sorted(maps.Keys(config.GetGuarantees())) {
		info.Guarantee = append(info.Guarantee, &mesos.Resource{
			Name: new(name), Type: mesos.Value_SCALAR.Enum(), Scalar: config.GetGuarantees()[name],
		})
	}
	return info
}

// updateQuota handles UPDATE_QUOTA: each role that it lists has the quota that it
// says, and nothing of what it had before; all of them, or none.
func (c *Core) updateQuota(call *master.Call_UpdateQuota) *Error {
	const field = "update_quota.quota_configs"
	list := call.GetQuotaConfigs()
	if len(list) == 0 {
		return failf(Invalid, "%s: empty: must list a role", field)
	}
	parsed := make(map[string]Quota, len(list))
	for i, config := range list {
		q, err := parseQuota(fmt.Sprintf("%s[%d]", field, i), config)
		if err != nil {
			return err
		}
		if _, twice := parsed[config.GetRole()]; twice {
			return failf(Invalid, "%s[%d].role %q: each role must be there once", field, i, config.GetRole())
		}
		parsed[config.GetRole()] = q
	}
	if err := c.checkQuotas(field, parsed); err != nil {
		return err
	}
	if !call.GetForce() {
		if err := c.checkCapacity(field, list, parsed); err != nil {
			return err
		}
	}
	for _, config := range list {
		c.setQuota(config, parsed[config.GetRole()])
	}
	return nil
}

// checkQuotas tells whether too many roles would have a quota.
func (c *Core) checkQuotas(field string, parsed map[string]Quota) *Error {
	n := len(c.quotas)
	for role, q := range parsed { // a sum has no order
		_, had := c.quotas[role]
		n += gained(had, !q.empty())
	}
	if n > max(maxRoleSettings, len(c.quotas)) {
		return failf(Exhausted, "%s: %d roles would have a quota: must be %d at most", field, n, maxRoleSettings)
	}
	return nil
}

// setOldQuota handles SET_QUOTA, the form before UPDATE_QUOTA: the guarantee is the
// limit as well, and a quota that is there has to be removed first.
func (c *Core) setOldQuota(call *master.Call) *Error {
	const field = "set_quota.quota_request"
	//lint:ignore SA1019 tools from before 1.9 make this call
	request := call.GetSetQuota().GetQuotaRequest()
	if err := checkQuotaRole(field, request.GetRole()); err != nil {
		return err
	}
	if _, ok := c.quotas[request.GetRole()]; ok {
		return failf(Conflict, "%s.role %q: has a quota: remove it first, or use UPDATE_QUOTA", field, request.GetRole())
	}
	amounts, err := oldAmounts(field+".guarantee", request.GetGuarantee())
	if err != nil {
		return err
	}
	config := &quota.QuotaConfig{Role: request.Role, Guarantees: amounts, Limits: amounts}
	q, err := parseQuota(field, config)
	if err != nil {
		return err
	}
	parsed := map[string]Quota{request.GetRole(): q}
	if err := c.checkQuotas(field, parsed); err != nil {
		return err
	}
	if !request.GetForce() {
		if err := c.checkCapacity(field, []*quota.QuotaConfig{config}, parsed); err != nil {
			return err
		}
	}
	c.setQuota(config, q)
	return nil
}

// oldAmounts returns plain scalars by name.
func oldAmounts(field string, list []*mesos.Resource) (map[string]*mesos.Value_Scalar, *Error) {
	if len(list) == 0 {
		return nil, failf(Invalid, "%s: empty: must have a resource", field)
	}
	amounts := make(map[string]*mesos.Value_Scalar, len(list))
	for i, r := range list {
		plain := &mesos.Resource{Name: r.Name, Type: mesos.Value_SCALAR.Enum(), Scalar: r.Scalar}
		switch {
		case !proto.Equal(r, plain):
			return nil, failf(Invalid, "%s[%d] %.64q: must be a SCALAR without role, reservation, disk and the like", field, i, r.GetName())
		case amounts[r.GetName()] != nil:
			return nil, failf(Invalid, "%s[%d] %.64q: each resource must be there once", field, i, r.GetName())
		}
		amounts[r.GetName()] = r.GetScalar()
	}
	return amounts, nil
}

// removeOldQuota handles REMOVE_QUOTA.
func (c *Core) removeOldQuota(call *master.Call) *Error {
	//lint:ignore SA1019 tools from before 1.9 make this call
	role := call.GetRemoveQuota().GetRole()
	if _, ok := c.quotas[role]; !ok {
		return failf(NotFound, "remove_quota.role %q: has no quota", brief(role))
	}
	c.setQuota(&quota.QuotaConfig{Role: new(role)}, Quota{})
	return nil
}

func (c *Core) rememberQuota(role string) {
	q, ok := c.quotas[role]
	if !ok {
		c.remember(RecordQuota, role, nil)
		return
	}
	c.remember(RecordQuota, role, &registry.Quota{Config: q.config})
}

// recoverQuota takes the record of a quota, if it is in order.
func (c *Core) recoverQuota(key string, r *registry.Quota) error {
	if role := r.GetConfig().GetRole(); role != key {
		return fmt.Errorf("config.role %q: must be the key", role)
	}
	q, err := parseQuota("config", r.GetConfig())
	if err != nil {
		return err
	}
	if q.empty() {
		return errors.New("config: is empty: must have a guarantee or a limit")
	}
	c.quotas[key] = roleQuota{r.GetConfig(), q}
	c.alloc.SetQuota(key, q)
	return nil
}
