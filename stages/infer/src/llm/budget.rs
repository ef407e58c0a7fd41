//! What tenants may spend, and what they have spent.
//!
//! Owns the accounts of this process. Knows no model. Rule: what a call can cost at most is set aside before it is made,
//! so that calls at once cannot overdraw an account together; afterwards what it did cost is booked. Accounts are kept in
//! the blob store under the process's slot, and so survive a restart; another slot has accounts of its own.

use super::{LlmError, Period};
use docmill_blobs::{BlobError, Blobs, memo_key};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::Mutex;

/// Accounts of all tenants.
#[derive(Debug)]
pub struct Budgets {
    usual: u64,
    own: BTreeMap<String, u64>,
    period: Period,
    store: Option<(Blobs, String)>,
    accounts: Mutex<HashMap<String, Account>>,
}

/// What one tenant spent in a period, in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Account {
    period: i64,
    spent: u64,
    reserved: u64,
}

/// Money that was set aside for a call. Give it back with [`Budgets::settle`].
#[derive(Debug)]
#[must_use]
pub struct Reservation {
    tenant: String,
    period: i64,
    micro_usd: u64,
}

impl Budgets {
    /// Budgets in US dollars; 0 = no limit. `store`: where accounts are kept, and under which slot.
    pub fn new(
        usual_usd: f64,
        own_usd: &BTreeMap<String, f64>,
        period: Period,
        store: Option<(Blobs, String)>,
    ) -> Self {
        let own = own_usd.iter().map(|(tenant, usd)| (tenant.clone(), micro(*usd))).collect();
        Self { usual: micro(usual_usd), own, period, store, accounts: Mutex::default() }
    }

    fn limit(&self, tenant: &str) -> Option<u64> {
        let limit = self.own.get(tenant).copied().unwrap_or(self.usual);
        (limit > 0).then_some(limit)
    }

    /// Sets money aside; fails where the account has not that much.
    pub async fn reserve(&self, tenant: &str, now_ms: i64, micro_usd: u64) -> Result<Reservation, LlmError> {
        let period = self.period.number(now_ms);
        let reservation = Reservation { tenant: tenant.to_owned(), period, micro_usd };
        let Some(limit) = self.limit(tenant) else { return Ok(reservation) };
        let mut accounts = self.accounts.lock().await;
        if !accounts.contains_key(tenant) {
            let kept = self.kept(tenant, period).await?;
            accounts.insert(tenant.to_owned(), kept);
        }
        let account = accounts.entry(tenant.to_owned()).or_default();
        if account.period < period {
            // What is set aside belongs to calls of the old period, and is given back to it.
            *account = Account { period, ..Account::default() };
        }
        let after = account.spent.saturating_add(account.reserved).saturating_add(micro_usd);
        if after > limit {
            return Err(LlmError::Budget { spent_micro_usd: account.spent, limit_micro_usd: limit });
        }
        account.reserved = account.reserved.saturating_add(micro_usd);
        Ok(reservation)
    }

    /// Books what a call did cost.
    pub async fn settle(&self, reservation: Reservation, micro_usd: u64) -> Result<(), LlmError> {
        if self.limit(&reservation.tenant).is_none() {
            return Ok(());
        }
        let mut accounts = self.accounts.lock().await;
        let Some(account) = accounts.get_mut(&reservation.tenant) else { return Ok(()) };
        if account.period != reservation.period {
            return Ok(());
        }
        account.reserved = account.reserved.saturating_sub(reservation.micro_usd);
        account.spent = account.spent.saturating_add(micro_usd);
        let (account, Some((blobs, slot))) = (*account, &self.store) else { return Ok(()) };
        // The lock is held while it is written: an older sum must not overtake a newer one.
        let bytes = format!("{} {}", account.period, account.spent);
        Ok(blobs.remember(&key(slot, &reservation.tenant), bytes.into()).await?)
    }

    async fn kept(&self, tenant: &str, period: i64) -> Result<Account, BlobError> {
        let none = Account { period, ..Account::default() };
        let Some((blobs, slot)) = &self.store else { return Ok(none) };
        let bytes = blobs.recall(&key(slot, tenant)).await?;
        let text = bytes.as_deref().and_then(|b| std::str::from_utf8(b).ok());
        let kept = text.and_then(|t| t.split_once(' ')).and_then(|(p, s)| {
            Some(Account { period: p.parse().ok()?, spent: s.parse().ok()?, reserved: 0 })
        });
        Ok(kept.filter(|k| k.period == period).unwrap_or(none))
    }
}

fn key(slot: &str, tenant: &str) -> String {
    memo_key(&["llm-budget", slot, tenant])
}

/// Millionths of a dollar.
fn micro(usd: f64) -> u64 {
    if usd.is_finite() { (usd.clamp(0.0, 1e9) * 1e6).round() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn budgets(store: Option<(Blobs, String)>) -> Budgets {
        Budgets::new(1.0, &BTreeMap::from([("rich".to_owned(), 0.0)]), Period::Day, store)
    }

    #[tokio::test]
    async fn calls_at_once_cannot_overdraw_an_account_together() {
        let budgets = budgets(None);
        let first = budgets.reserve("t", 0, 600_000).await.unwrap();
        assert!(matches!(budgets.reserve("t", 0, 600_000).await, Err(LlmError::Budget { .. })));
        budgets.settle(first, 100_000).await.unwrap();
        let second = budgets.reserve("t", 0, 600_000).await.unwrap();
        budgets.settle(second, 850_000).await.unwrap();
        let refused = budgets.reserve("t", 0, 60_000).await.unwrap_err();
        assert!(matches!(refused, LlmError::Budget { spent_micro_usd: 950_000, limit_micro_usd: 1_000_000 }));
        assert!(budgets.reserve("other", 0, 60_000).await.is_ok());
        assert!(budgets.reserve("rich", 0, u64::MAX).await.is_ok());
        assert!(budgets.reserve("t", DAY, 60_000).await.is_ok(), "a new day");
    }

    #[tokio::test]
    async fn accounts_survive_a_restart_and_belong_to_a_slot() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let at = |slot: &str| budgets(Some((blobs.clone(), slot.to_owned())));
        let before = at("0");
        let call = before.reserve("t", 0, 900_000).await.unwrap();
        before.settle(call, 900_000).await.unwrap();
        assert!(at("0").reserve("t", 0, 200_000).await.is_err());
        assert!(at("0").reserve("t", DAY, 200_000).await.is_ok());
        assert!(at("1").reserve("t", 0, 200_000).await.is_ok());
    }
}
