//! Walks an expression of a template: which names it reads and what it applies to them. It decides
//! nothing about them; that is done in [`crate::check`].

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr};

use super::template::{FilterKind, FilterUse, Hole, NameUse, TemplateName};

/// The name that an expression is, if it is nothing but a name.
pub(super) fn root_name(tree: &Expr<'_>) -> Option<TemplateName> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "three of minijinja's fifteen expressions are names")]
    match tree {
        Expr::Var(var) => Some(TemplateName::Argument(var.id.to_owned())),
        Expr::GetAttr(attr) => scoped_name(&attr.expr, attr.name),
        Expr::GetItem(item) => {
            let key = item.subscript_expr.as_const()?;
            scoped_name(&item.expr, key.as_str()?)
        }
        _ => None,
    }
}

/// `args.NAME` and `secret.NAME`; deeper access (`owner.login`) is not a name.
fn scoped_name(scope: &Expr<'_>, name: &str) -> Option<TemplateName> {
    let Expr::Var(var) = scope else { return None };
    match var.id {
        "args" => Some(TemplateName::Argument(name.to_owned())),
        "secret" => Some(TemplateName::Secret(name.to_owned())),
        _ => None,
    }
}

/// Notes the names, filters and tests of an expression and of all below it.
pub(super) fn collect(tree: &Expr<'_>, offset: usize, hole: &mut Hole) {
    let span = tree.span();
    let range = offset + span.start_offset as usize..offset + span.end_offset as usize;
    if let Some(name) = root_name(tree) {
        hole.names.push(NameUse { name, range });
        return;
    }
    if let Some((kind, name)) = filter_name(tree) {
        hole.filters.push(FilterUse { name: name.to_owned(), kind, range });
    }
    hole.conditional |= is_choice(tree);
    for child in children(tree) {
        collect(child, offset, hole);
    }
}

fn is_choice(tree: &Expr<'_>) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "two of minijinja's fifteen expressions choose")]
    match tree {
        Expr::IfExpr(_) => true,
        Expr::BinOp(op) => matches!(op.op, BinOpKind::ScOr),
        _ => false,
    }
}

fn filter_name<'s>(tree: &Expr<'s>) -> Option<(FilterKind, &'s str)> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "two of minijinja's fifteen expressions apply a filter")]
    match tree {
        Expr::Filter(filter) => Some((FilterKind::Filter, filter.name)),
        Expr::Test(test) => Some((FilterKind::Test, test.name)),
        _ => None,
    }
}

/// The expressions directly below `tree`.
fn children<'t, 's>(tree: &'t Expr<'s>) -> Vec<&'t Expr<'s>> {
    match tree {
        Expr::Var(_) | Expr::Const(_) => Vec::new(),
        Expr::Slice(slice) => [Some(&slice.expr), slice.start.as_ref(), slice.stop.as_ref(), slice.step.as_ref()]
            .into_iter()
            .flatten()
            .collect(),
        Expr::UnaryOp(op) => vec![&op.expr],
        Expr::BinOp(op) => vec![&op.left, &op.right],
        Expr::Compare(compare) => std::iter::once(&compare.expr).chain(compare.ops.iter().map(|op| &op.expr)).collect(),
        Expr::IfExpr(choice) => [Some(&choice.test_expr), Some(&choice.true_expr), choice.false_expr.as_ref()]
            .into_iter()
            .flatten()
            .collect(),
        Expr::Filter(filter) => filter.expr.iter().chain(filter.args.iter().map(argument)).collect(),
        Expr::Test(test) => std::iter::once(&test.expr).chain(test.args.iter().map(argument)).collect(),
        Expr::GetAttr(attr) => vec![&attr.expr],
        Expr::GetItem(item) => vec![&item.expr, &item.subscript_expr],
        Expr::Call(call) => std::iter::once(&call.expr).chain(call.args.iter().map(argument)).collect(),
        Expr::List(list) => list.items.iter().collect(),
        Expr::Tuple(tuple) => tuple.items.iter().collect(),
        Expr::Map(map) => map.keys.iter().chain(map.values.iter()).collect(),
    }
}

fn argument<'t, 's>(argument: &'t CallArg<'s>) -> &'t Expr<'s> {
    match argument {
        CallArg::Pos(expr) | CallArg::PosSplat(expr) | CallArg::Kwarg(_, expr) | CallArg::KwargSplat(expr) => expr,
    }
}
